using Pmoas.Sdk.Metrics;

namespace NoOp;

internal static class NoOpMetrics
{
    public static readonly CounterDef Transitions = new(
        "pmoas_no_op_transitions_total", "TCP state changes on this node.", [])
    {
        Field = "transitions",
    };

    public static readonly MetricDef[] All = [Transitions];
}
