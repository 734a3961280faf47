using System.Text;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.SockMap;

/// <summary>A pod of the bed that the daemon, in this process, accelerates; a server listens in its service's container.</summary>
internal sealed class Accelerated : IAsyncDisposable
{
    /// <summary>Answers of each service that come by TCP first, to see how its ends read.</summary>
    internal const int Trials = 20;

    internal const int Port = 9400;

    private readonly Watched _watched;

    private Accelerated(PodBed bed, Watched watched) => (Bed, _watched, Streams) = (bed, watched, new Streams(bed));

    internal PodBed Bed { get; }

    internal Streams Streams { get; }

    /// <summary>Starts all of it, lets the trials pass, and looks at the numbers.</summary>
    /// <param name="address">The server listens at.</param>
    /// <param name="options">More lines for <c>[plugins.sock_map]</c>.</param>
    /// <param name="others">More tables.</param>
    internal static async Task<Accelerated> StartAsync(string address = "127.0.0.1", string options = "control_percent = 0", string others = "")
    {
        PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        Watched watched = await Watched.StartAsync(bed, $"{others}[plugins.sock_map]\nmode = \"on\"\n{options}\n");
        Accelerated accelerated = new(bed, watched);
        await accelerated.Streams.ServeAsync(address, Port);
        return accelerated;
    }

    /// <summary>The first connections of the service.</summary>
    internal Task PassTrialsAsync(string address = "127.0.0.1") => Streams.RunAsync("short", address, Port, Trials, 1);

    /// <summary>Entries of one of the plugin's maps now.</summary>
    internal int EntriesOf(string map) => _watched.Look("sock_map", bpf => bpf.Map(map).CountEntries());

    /// <summary>One scrape; by name without <c>pmoas_</c> and labels of the pod.</summary>
    internal async Task<Numbers> ScrapeAsync()
    {
        _watched.Node.Scrapes.Run();
        using MemoryStream text = new();
        await _watched.Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        return new Numbers(Scrape.Parse(Encoding.UTF8.GetString(text.ToArray())));
    }

    /// <summary>Scrapes until no pair is open and the map is empty: the last segments of a close come after the client is done.</summary>
    internal async Task<Numbers> ScrapeAtRestAsync()
    {
        await Watched.Until(() => Task.FromResult(EntriesOf("sockets") == 0 && EntriesOf("pmoas_pairs") == 0), "the maps are empty");
        return await ScrapeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Streams.DisposeAsync();
        await _watched.DisposeAsync();
        await Bed.DisposeAsync();
    }
}

/// <summary>The samples of a scrape; names without <c>pmoas_</c>.</summary>
internal sealed class Numbers(Scrape scrape)
{
    internal double Sidecar(string name, params (string Name, string Value)[] labels) => Of(name, PodBed.SidecarName, "sidecar", labels);

    internal double Service(string name, params (string Name, string Value)[] labels) => Of(name, PodBed.ServiceName, "service", labels);

    /// <summary>Sum over all series of a name.</summary>
    internal double Sum(string name) => scrape.Sum($"pmoas_{name}");

    /// <summary>All of the plugin that is not 0, for a test that failed.</summary>
    public override string ToString() => string.Join("; ", scrape.Samples
        .Where(sample => sample.Value != 0 && sample.Name.StartsWith("pmoas_sock_map_", StringComparison.Ordinal) && !sample.Name.EndsWith("_bucket", StringComparison.Ordinal))
        .Select(sample => $"{sample.Name}{{{string.Join(',', sample.Labels.Values)}}} {sample.Value}"));

    /// <summary>The one sample; NaN when there is none.</summary>
    private double Of(string name, string container, string role, (string Name, string Value)[] labels) =>
        scrape.Find($"pmoas_{name}", [("container", container), ("role", role), .. labels]).Select(sample => sample.Value).DefaultIfEmpty(double.NaN).Single();
}
