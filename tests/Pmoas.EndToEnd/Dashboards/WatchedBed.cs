using System.Diagnostics;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Dashboards;

/// <summary>The demo pod under load, the daemon over it with all plugins, and Prometheus over the daemon.</summary>
internal sealed partial class WatchedBed : IAsyncDisposable
{
    private readonly Site _site = new();
    private HostProcess? _daemon;
    private PrometheusServer? _prometheus;

    private WatchedBed(PodBed bed) => Bed = bed;

    internal PodBed Bed { get; }

    internal PrometheusServer Prometheus => _prometheus!;

    /// <summary>Starts all three.</summary>
    /// <param name="options">The pod.</param>
    /// <param name="plugins">Plugins by their folders' names, with what their tables say.</param>
    internal static async Task<WatchedBed> StartAsync(PodBedOptions options, IReadOnlyDictionary<string, string> plugins)
    {
        WatchedBed watched = new(await PodBed.StartAsync(options with { Prefix = "pmoas-e2e" }));
        try
        {
            string tables = string.Concat(plugins.Select(plugin => $"\n[plugins.{TableOf(plugin.Key)}]\n{plugin.Value}\n"));
            watched._site.WriteWithSources(watched.Bed.StaticPodToml() + tables);
            foreach (string plugin in plugins.Keys)
            {
                watched._site.Install(Path.Combine(Built.Plugins, plugin), plugin);
            }

            watched._daemon = await HostProcess.RunAsync(watched._site);
            watched._prometheus = await PrometheusServer.StartAsync(watched._site.Folder, watched._site.Port, PluginFiles.Rules);
            return watched;
        }
        catch
        {
            await watched.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until an expression has a value.</summary>
    internal async Task<IReadOnlyList<double>> UntilValueAsync(string expression, int seconds = 20)
    {
        IReadOnlyList<double> values = [];
        await _daemon!.UntilAsync(async () => (values = await Prometheus.QueryAsync(expression)).Count > 0, $"a value of {expression}", seconds);
        return values;
    }

    /// <summary>Blocks written and read past the cache, in the service.</summary>
    internal async Task UseDiskAsync()
    {
        string file = Path.Combine(Bed.Plan.Directory, "blocks");
        foreach (string[] direction in (string[][])[["if=/dev/zero", $"of={file}", "oflag=direct"], [$"if={file}", "of=/dev/null", "iflag=direct"]])
        {
            using BedContainer dd = BedContainer.Start("dd", new ContainerCommand("", ["/bin/dd", "bs=4096", "count=64", .. direction]), Bed.PodNetns, Bed.Service.CgroupPath, Bed.Plan.Directory);
            await dd.ReapAsync();
            Assert.True(dd.ExitCode == 0, dd.LogTail());
        }
    }

    /// <summary>Numbers of the device the bed's files are on.</summary>
    internal string Device()
    {
        using Process stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%Hd:%Ld", Bed.Plan.Directory]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (_prometheus is not null)
        {
            await _prometheus.DisposeAsync();
        }

        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }

        await Bed.DisposeAsync();
        _site.Dispose();
    }

    /// <summary>The table of a plugin is its folder's name in lower case.</summary>
    private static string TableOf(string folder) => Word().Replace(folder, "_$0").ToLowerInvariant();

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex Word();
}
