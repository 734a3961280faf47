using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.SockMap;

/// <summary>A pod of the bed, and what it takes to run the daemon over it with SockMap.</summary>
internal sealed class AcceleratedSite : IAsyncDisposable
{
    /// <summary>Answers of each service that come by TCP first.</summary>
    internal const int Trials = 20;

    internal const string On = "[plugins.sock_map]\nmode = \"on\"\ncontrol_percent = 0\n";
    internal const string Off = "[plugins.sock_map]\nmode = \"off\"\n";

    private AcceleratedSite(PodBed bed)
    {
        Bed = bed;
        Site.Install(Built.SockMap, "SockMap");
        Write(On);
    }

    internal PodBed Bed { get; }

    internal Site Site { get; } = new();

    internal static async Task<AcceleratedSite> StartAsync(PodBedOptions? options = null) =>
        new(await PodBed.StartAsync((options ?? new PodBedOptions()) with { Prefix = "pmoas-e2e" }));

    /// <summary>Writes the configuration with this table.</summary>
    internal void Write(string plugin) => Site.WriteWithSources(Bed.StaticPodToml() + plugin);

    /// <summary>Starts the daemon; returns when it accelerates.</summary>
    internal async Task<HostProcess> RunAsync()
    {
        HostProcess daemon = await HostProcess.RunAsync(Site);
        await daemon.UntilMetricAsync("pmoas_sock_map_enabled 1");
        return daemon;
    }

    /// <summary>Sum of a metric over all its series with these labels.</summary>
    internal static async Task<double> SumAsync(HostProcess daemon, string metric, params (string Name, string Value)[] labels) =>
        Scrape.Parse(await daemon.MetricsAsync()).Sum($"pmoas_sock_map_{metric}", labels);

    public async ValueTask DisposeAsync()
    {
        Site.Dispose();
        await Bed.DisposeAsync();
    }
}
