using Pmoas.Sdk.Metrics;

namespace MyProbe;

/// <summary>Each metric is a member of a struct in my_probe.bpf.c.</summary>
internal static class ProbeMetrics
{
    public static readonly CounterDef Resets = new(
        "pmoas_my_probe_resets_total", "TCP resets received.", Label.Container)
    {
        Field = "resets",
    };

    public static readonly CounterDef Lost = new(
        "pmoas_my_probe_lost_total", "Resets that were not counted, because a table was full.", [new Label("table", "Which one.", "totals")])
    {
        Field = "lost",
    };

    public static readonly MetricDef[] All = [Resets, Lost];
}
