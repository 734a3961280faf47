namespace Pmoas.Host.Overview;

/// <summary>What a metric is about.</summary>
internal enum Subject
{
    /// <summary>A container.</summary>
    Container,

    /// <summary>A leg of the pod's network, or a direction of it.</summary>
    Leg,

    /// <summary>Two stages of a leg.</summary>
    Interval,

    /// <summary>A plugin.</summary>
    Plugin,
}

/// <summary>A metric that the overview is made of.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="IsHistogram">Whether it has buckets.</param>
/// <param name="Label">A label that must have one value.</param>
/// <param name="Value">That value.</param>
internal sealed record OverviewMetric(string Name, Subject Subject, bool IsHistogram = false, string? Label = null, string? Value = null);

/// <summary>The metrics that <c>pmoas top</c> and the web page are made of. Names of metrics are public: plugins that are missing leave gaps, no faults.</summary>
internal static class OverviewMetrics
{
    internal const string Cpu = "pmoas_resource_usage_cpu_seconds_total";
    internal const string Throttled = "pmoas_resource_usage_cpu_throttled_seconds_total";
    internal const string Memory = "pmoas_resource_usage_memory_working_set_bytes";
    internal const string RunQueue = "pmoas_resource_usage_run_queue_delay_seconds";
    internal const string OomKills = "pmoas_resource_usage_oom_kills_total";
    internal const string Accepted = "pmoas_accept_accepted_total";
    internal const string Connected = "pmoas_accept_connected_total";
    internal const string Open = "pmoas_accept_open_connections";
    internal const string Sent = "pmoas_accept_sent_bytes_total";
    internal const string Received = "pmoas_accept_received_bytes_total";
    internal const string Retransmits = "pmoas_accept_retransmits_total";
    internal const string Reused = "pmoas_accept_reused_requests_total";
    internal const string Queue = "pmoas_accept_queue_seconds";
    internal const string Forward = "pmoas_accept_forward_seconds";
    internal const string Handoff = "pmoas_accept_handoff_seconds";
    internal const string Redirected = "pmoas_sock_map_redirected_bytes_total";
    internal const string ReceiveWait = "pmoas_stack_trace_receive_queue_wait_seconds";
    internal const string Journey = "pmoas_stack_trace_journey_seconds";
    internal const string Interval = "pmoas_stack_trace_interval_seconds";
    internal const string LegRetransmits = "pmoas_stack_trace_retransmits_total";
    internal const string Dropped = "pmoas_stack_trace_dropped_packets_total";

    private static readonly Dictionary<string, OverviewMetric> s_bySample = Samples();
    private static readonly Dictionary<string, OverviewMetric>.AlternateLookup<ReadOnlySpan<char>> s_bySpan = s_bySample.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The metric a sample's name belongs to; null when nobody looks at it.</summary>
    internal static OverviewMetric? Find(ReadOnlySpan<char> sample) => s_bySpan.TryGetValue(sample, out OverviewMetric? metric) ? metric : null;

    private static Dictionary<string, OverviewMetric> Samples()
    {
        OverviewMetric[] metrics =
        [
            .. ((string[])[Cpu, Throttled, Memory, OomKills, Accepted, Open, Sent, Received, Retransmits, Reused, Redirected])
                .Select(name => new OverviewMetric(name, Subject.Container)),
            new(Connected, Subject.Container, Label: "result", Value: "ok"),
            .. ((string[])[RunQueue, Queue, Forward, Handoff, ReceiveWait]).Select(name => new OverviewMetric(name, Subject.Container, IsHistogram: true)),
            new(Journey, Subject.Leg, IsHistogram: true),
            new(LegRetransmits, Subject.Leg),
            new(Dropped, Subject.Leg),
            new(Interval, Subject.Interval, IsHistogram: true),
            new(Exposition.SelfMetricDefs.State.Name, Subject.Plugin),
        ];
        return metrics.SelectMany(metric => metric.IsHistogram
                ? ((string[])["_bucket", "_sum", "_count"]).Select(end => (Sample: metric.Name + end, metric))
                : [(Sample: metric.Name, metric)])
            .ToDictionary(pair => pair.Sample, pair => pair.metric, StringComparer.Ordinal);
    }
}
