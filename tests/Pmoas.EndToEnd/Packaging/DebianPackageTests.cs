using System.Diagnostics;
using System.Net;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>The package that <c>make deb</c> makes, by dpkg on this machine. Purged whatever happened.</summary>
public sealed class DebianPackageTests : IAsyncDisposable
{
    private const string Package = "pmoas";
    private const string Config = "/etc/pmoas/pmoas.toml";
    private const string Program = "/usr/bin/pmoas";
    private readonly string _folder = Directory.CreateTempSubdirectory("pmoas-e2e-deb").FullName;
    private bool _ours;

    public async ValueTask DisposeAsync()
    {
        if (_ours)
        {
            await RunAsync("dpkg", "--purge", Package);
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task installs_runs_keeps_edits_over_an_upgrade_and_is_purged_without_a_trace()
    {
        Assert.False(File.Exists(Config) || File.Exists(Program), "pmoas is installed on this machine, and this test would remove it");
        string[] before = Traces();
        _ours = true;
        await RunAsync("dpkg", "--install", Built.Deb);
        Assert.Equal("", await RunAsync("dpkg", "--verify", Package));
        string version = (await RunAsync("dpkg-query", "--show", "--showformat", "${Version}", Package)).Trim();
        Assert.StartsWith(version, (await RunAsync(Program, "--version")).Trim(), StringComparison.Ordinal);
        string[] plugins = [.. Directory.GetDirectories("/usr/lib/pmoas/plugins").Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.Equal(Directory.GetDirectories(Built.PluginSources).Select(Path.GetFileName).Order(StringComparer.Ordinal), plugins);
        Assert.Contains("monitor\n", await RunAsync(Program, "[suggest:8]", "pmoas mo"), StringComparison.Ordinal);
        await TellsLicencesAndChangesAsync(version);
        await ServesAsync();

        // An edit outlives an upgrade, and the upgraded daemon reads it.
        await File.AppendAllTextAsync(Config, "\n# by the user\n", TestContext.Current.CancellationToken);
        string edited = await File.ReadAllTextAsync(Config, TestContext.Current.CancellationToken);
        await RunAsync("dpkg", "--install", await NewerAsync());
        Assert.Equal($"{version}+newer", (await RunAsync("dpkg-query", "--show", "--showformat", "${Version}", Package)).Trim());
        Assert.Equal(edited, await File.ReadAllTextAsync(Config, TestContext.Current.CancellationToken));
        await ServesAsync();

        await RunAsync("dpkg", "--purge", Package);
        _ours = false;
        Assert.Equal(before, Traces());
    }

    /// <summary>Debian's place for both, and both of our licences whole: the daemon's and the kernel programs'.</summary>
    private static async Task TellsLicencesAndChangesAsync(string version)
    {
        string copyright = await File.ReadAllTextAsync("/usr/share/doc/pmoas/copyright");
        Assert.StartsWith(await File.ReadAllTextAsync(Path.Combine(Built.Root, "LICENSE")), copyright, StringComparison.Ordinal);
        Assert.EndsWith(await File.ReadAllTextAsync(Path.Combine(Built.Root, "bpf/LICENSE")), copyright, StringComparison.Ordinal);
        string newest = (await File.ReadAllLinesAsync("/usr/share/doc/pmoas/CHANGELOG.md")).First(line => line.StartsWith("## ", StringComparison.Ordinal));
        Assert.StartsWith($"## {version} ", newest, StringComparison.Ordinal);
    }

    /// <summary>The installed daemon with the installed configuration, from its start to its end.</summary>
    private static async Task ServesAsync()
    {
        int port = Site.FreePort();
        using var daemon = Process.Start(new ProcessStartInfo(Program, ["run", "--listen", $"127.0.0.1:{port}"]) { RedirectStandardError = true })!;
        Task<string> log = daemon.StandardError.ReadToEndAsync();
        try
        {
            Uri address = new($"http://127.0.0.1:{port}/");
            for (long start = Stopwatch.GetTimestamp(); await Answer.StatusAsync(new Uri(address, "readyz")) != HttpStatusCode.OK;)
            {
                Assert.False(daemon.HasExited, daemon.HasExited ? await log : "");
                Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "the installed daemon is not ready after 30 s");
                await Task.Delay(50);
            }

            Assert.Contains("\npmoas_plugin_state{plugin=\"accept\",state=\"running\"} 1\n", await Answer.Http.GetStringAsync(new Uri(address, "metrics")), StringComparison.Ordinal);
        }
        finally
        {
            _ = Signals.Send(daemon.Id, Signals.Terminate);
            await daemon.WaitForExitAsync();
        }

        Assert.True(daemon.ExitCode == 0, await log);
    }

    /// <summary>The same package with a higher version.</summary>
    private async Task<string> NewerAsync()
    {
        string root = Path.Combine(_folder, "root"), control = Path.Combine(root, "DEBIAN/control"), package = Path.Combine(_folder, "newer.deb");
        await RunAsync("dpkg-deb", "--raw-extract", Built.Deb, root);
        string[] lines = await File.ReadAllLinesAsync(control);
        await File.WriteAllLinesAsync(control, lines.Select(line => line.StartsWith("Version: ", StringComparison.Ordinal) ? line + "+newer" : line));
        await RunAsync("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, package);
        return package;
    }

    /// <summary>Whatever bears the name where packages put things.</summary>
    private static string[] Traces() =>
    [
        .. ((string[])["/etc", "/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants", "/lib/systemd/system", "/usr/bin", "/usr/lib", "/usr/share/doc",
            "/usr/share/man/man8", "/usr/share/bash-completion/completions", "/var/lib/dpkg/info", "/var/lib/systemd/deb-systemd-helper-enabled", "/var/lib"])
            .Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFileSystemEntries(folder, "*pmoas*")).Order(StringComparer.Ordinal),
    ];

    private static Task<string> RunAsync(string program, params string[] arguments) => Subprocess.RunAsync(program, arguments, TestContext.Current.CancellationToken);
}
