using System.Net;
using System.Net.Sockets;

namespace Pmoas.EndToEnd;

/// <summary>A temporary place to run the daemon in: a configuration file, a plugin directory and a free port. Gone when disposed.</summary>
internal sealed class Site : IDisposable
{
    // Other tests run real containers at the same time: a test that does not ask for them must not see them.
    private const string OnlyByHand = "[sources.kubernetes]\nenabled = false\n[sources.cri]\nenabled = false\n[sources.docker]\nenabled = false\n[sources.cgroupfs]\nenabled = false\n";

    public Site()
    {
        Directory.CreateDirectory(Plugins);
        Write("");
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("pmoas-e2e-").FullName;

    public string Config => Path.Combine(Folder, "pmoas.toml");

    public string Plugins => Path.Combine(Folder, "plugins");

    public int Port { get; } = FreePort();

    /// <summary>Writes the configuration: the port, then <paramref name="toml"/>, then no source of pods but those declared by hand.</summary>
    public void Write(string toml) => WriteWithSources($"{toml}\n{OnlyByHand}");

    /// <summary>Writes the configuration: the port, then <paramref name="toml"/>, which says where pods are learned from.</summary>
    public void WriteWithSources(string toml) => File.WriteAllText(Config, $"[http]\nlisten = \"127.0.0.1:{Port}\"\n{toml}\n");

    /// <summary>Copies a built plugin in, under a folder of this name.</summary>
    /// <returns>Path of its DLL.</returns>
    public string Install(string built, string name)
    {
        string folder = Path.Combine(Plugins, name);
        Directory.CreateDirectory(folder);
        Assert.True(Directory.Exists(built), $"{built} is not built: run make build");
        foreach (string file in Directory.EnumerateFiles(built))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        return Path.Combine(folder, name + ".dll");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
