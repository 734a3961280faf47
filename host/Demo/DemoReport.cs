using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pmoas.Host.Demo;

/// <summary>What the load generator did and saw; seconds.</summary>
internal record LoadFigures(
    int Complete, int Failed, long TransferredBytes, double Rps, double DurationSeconds, double P50Seconds, double P95Seconds, double P99Seconds, double MaxSeconds)
{
    internal static LoadFigures Of(Load load) => new(
        load.Complete, load.Failed, load.TransferredBytes, load.RequestsPerSecond, load.Duration.TotalSeconds,
        load.P50.TotalSeconds, load.P95.TotalSeconds, load.P99.TotalSeconds, load.Max.TotalSeconds);
}

/// <summary>Load through the sidecar, with the load sent directly to the service beside it.</summary>
internal sealed record ChainFigures : LoadFigures
{
    internal ChainFigures(LoadFigures through, LoadFigures direct)
        : base(through)
    {
        Direct = direct;
    }

    /// <summary>The same load past the sidecar, before the daemon ran.</summary>
    [JsonPropertyOrder(1)]
    public LoadFigures Direct { get; }
}

/// <summary>A scraped histogram in short. Quantiles are null when nothing was observed.</summary>
internal sealed record HistogramFigures(long Count, double SumSeconds, double? P50Seconds, double? P99Seconds)
{
    internal static HistogramFigures Of(ScrapedHistogram histogram) => new(
        (long)histogram.Count, histogram.Sum, Known(histogram.Quantile(0.5)), Known(histogram.Quantile(0.99)));

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}

/// <summary>What the daemon counted for one container.</summary>
internal sealed record ContainerFigures(
    long Accepted,
    long ConnectedOk,
    long Closed,
    long Open,
    long SentBytes,
    long ReceivedBytes,
    long Reused,
    HistogramFigures Queue,
    HistogramFigures Forward,
    HistogramFigures Handoff)
{
    internal static ContainerFigures Of(Scrape scrape, string pod, string container)
    {
        (string, string)[] labels = [("namespace", PodBed.PodNamespace), ("pod", pod), ("container", container)];
        long Count(string name) => (long)scrape.Sum($"pmoas_accept_{name}", labels);
        HistogramFigures Histogram(string name) => HistogramFigures.Of(scrape.Histogram($"pmoas_accept_{name}_seconds", labels));
        return new ContainerFigures(
            Count("accepted_total"),
            (long)scrape.Sum("pmoas_accept_connected_total", [.. labels, ("result", "ok")]),
            Count("closed_total"),
            Count("open_connections"),
            Count("sent_bytes_total"),
            Count("received_bytes_total"),
            Count("reused_requests_total"),
            Histogram("queue"),
            Histogram("forward"),
            Histogram("handoff"));
    }
}

/// <summary>What the demo found: what the load generator did, next to what the daemon counted.</summary>
/// <param name="Requests">Requests asked for.</param>
/// <param name="Load">What the load generator saw.</param>
/// <param name="Sidecar">The proxy's container.</param>
/// <param name="Service">The container behind it.</param>
/// <param name="Unpaired">Connections of this pod the daemon could not pair, by reason.</param>
/// <param name="Dropped">Events lost by full rings.</param>
internal sealed record DemoReport(
    int Requests,
    ChainFigures Load,
    ContainerFigures Sidecar,
    ContainerFigures Service,
    IReadOnlyDictionary<string, long> Unpaired,
    long Dropped)
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal static DemoReport Of(int requests, Load direct, Load through, Scrape scrape, string pod) => new(
        requests,
        new ChainFigures(LoadFigures.Of(through), LoadFigures.Of(direct)),
        ContainerFigures.Of(scrape, pod, PodBed.SidecarName),
        ContainerFigures.Of(scrape, pod, PodBed.ServiceName),
        scrape.Find("pmoas_accept_unpaired_total", [("pod", pod)]).GroupBy(sample => sample.Labels["reason"])
            .ToDictionary(reason => reason.Key, reason => (long)reason.Sum(sample => sample.Value)),
        (long)scrape.Sum("pmoas_ring_dropped_total"));

    /// <summary>One line of JSON, snake_case keys.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, SnakeCase);
}
