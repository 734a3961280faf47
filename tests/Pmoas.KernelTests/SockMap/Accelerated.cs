using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.SockMap;

/// <summary>A pod of the bed that the daemon, in this process, accelerates; a server listens in its service's container.</summary>
internal sealed partial class Accelerated : IAsyncDisposable
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
    internal int EntriesOf(string map) =>
        (int)_watched.Node.Plugins.All.Single(plugin => plugin.Name == "sock_map").Run!.Look<object>(session => session.Bpf.Map(map).CountEntries())!;

    /// <summary>One scrape; by name without <c>pmoas_</c> and labels of the pod.</summary>
    internal async Task<Numbers> ScrapeAsync()
    {
        _watched.Node.Scrapes.Run();
        using MemoryStream text = new();
        await _watched.Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        Dictionary<string, double> values = [];
        foreach (Match match in SampleLine().Matches(Encoding.UTF8.GetString(text.ToArray())))
        {
            values[match.Groups[1].Value] = double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        }

        return new Numbers(values);
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

    [GeneratedRegex(@"^pmoas_([a-z_]+(?:\{[^}]*\})?) ([^ \n]+)$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();
}

/// <summary>The samples of a scrape.</summary>
internal sealed class Numbers(Dictionary<string, double> values)
{
    internal double Sidecar(string name, string label = "") => Of(name, PodBed.SidecarName, "sidecar", label);

    internal double Service(string name, string label = "") => Of(name, PodBed.ServiceName, "service", label);

    /// <summary>Sum over all series of a name.</summary>
    internal double Sum(string name) => values.Where(v => v.Key == name || v.Key.StartsWith($"{name}{{", StringComparison.Ordinal)).Sum(v => v.Value);

    /// <summary>All of the plugin that is not 0, for a test that failed.</summary>
    public override string ToString() => string.Join("; ", values
        .Where(v => v.Value != 0 && v.Key.StartsWith("sock_map_", StringComparison.Ordinal) && !v.Key.Contains("_bucket", StringComparison.Ordinal))
        .Select(v => $"{v.Key} {v.Value}"));

    private double Of(string name, string container, string role, string label)
    {
        string wanted = $"container=\"{container}\",role=\"{role}\"{(label.Length > 0 ? "," + label : "")}}}";
        return values.Where(v => v.Key.StartsWith($"{name}{{", StringComparison.Ordinal) && v.Key.EndsWith(wanted, StringComparison.Ordinal))
            .Select(v => v.Value).DefaultIfEmpty(double.NaN).Single();
    }
}
