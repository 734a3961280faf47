using Pmoas.Host.Demo;
using Pmoas.Host.Top;

namespace Pmoas.EndToEnd.Faces;

/// <summary>The demo pod and the daemon over it, for what people look at. Gone when disposed.</summary>
internal sealed class SeenPod : IAsyncDisposable
{
    internal static readonly string[] AllPlugins = ["Accept", "ResourceUsage", "StackTrace"];

    private SeenPod(PodBed bed) => Bed = bed;

    internal Site Site { get; } = new();

    internal PodBed Bed { get; }

    internal HostProcess Daemon { get; private set; } = null!;

    internal Uri Address => new($"http://127.0.0.1:{Site.Port}/");

    internal string Name => $"{PodBed.PodNamespace}/{Bed.Name}";

    /// <summary>Starts both.</summary>
    /// <param name="plugins">Folders of plugins that run.</param>
    internal static async Task<SeenPod> StartAsync(params string[] plugins)
    {
        SeenPod seen = new(await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-e2e" }));
        try
        {
            string[] tables = [.. plugins.Select(plugin => string.Concat(plugin.Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{letter}")).ToLowerInvariant())];
            seen.Site.WriteWithSources(seen.Bed.StaticPodToml() + string.Concat(tables.Select(table => $"\n[plugins.{table}]\n")));
            foreach (string plugin in plugins)
            {
                seen.Site.Install(Path.Combine(Built.Plugins, plugin), plugin);
            }

            seen.Daemon = await HostProcess.RunAsync(seen.Site);
            return seen;
        }
        catch
        {
            await seen.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the daemon as <c>pmoas top</c> does.</summary>
    internal DaemonClient Client() => new(new DaemonPlace(Address, null, null, null));

    public async ValueTask DisposeAsync()
    {
        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
        }

        await Bed.DisposeAsync();
        Site.Dispose();
    }
}
