using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>The queries a metric is drawn with.</summary>
internal static class PromQl
{
    /// <summary>The quantiles of a histogram that are drawn.</summary>
    internal static readonly IReadOnlyList<(string Value, string Name)> Quantiles = [("0.5", "p50"), ("0.9", "p90"), ("0.99", "p99")];

    /// <summary>True when the metric carries the four container labels.</summary>
    internal static bool IsPerContainer(MetricDef def) =>
        def.Labels.Take(Label.Container.Count).Select(label => label.Name).SequenceEqual(Label.Container.Select(label => label.Name));

    /// <summary>Growth per second of a counter.</summary>
    internal static string Rate(MetricDef def) => $"sum by ({Grouping(def)}) (rate({def.Name}{Selector(def)}[$__rate_interval]))";

    /// <summary>The value itself.</summary>
    internal static string Value(MetricDef def) => $"sum by ({Grouping(def)}) ({def.Name}{Selector(def)})";

    /// <summary>A quantile of a histogram.</summary>
    internal static string Quantile(MetricDef def, string quantile) =>
        $"histogram_quantile({quantile}, sum by (le, {Grouping(def)}) (rate({def.Name}_bucket{Selector(def)}[$__rate_interval])))";

    /// <summary>All buckets of a histogram, for a heat map.</summary>
    internal static string Buckets(MetricDef def) => $"sum by (le) (rate({def.Name}_bucket{Selector(def)}[$__rate_interval]))";

    /// <summary>The name of a series in the legend.</summary>
    internal static string Legend(MetricDef def) => string.Join(' ', GroupLabels(def).Select(label => $"{{{{{label}}}}}"));

    /// <summary>Only the chosen pods and containers; all series where a metric is the node's.</summary>
    private static string Selector(MetricDef def) =>
        IsPerContainer(def) ? $"{{{string.Join(",", Label.Container.Select(label => $"{label.Name}=~\"${label.Name}\""))}}}" : "";

    private static string Grouping(MetricDef def) => string.Join(", ", GroupLabels(def));

    private static IEnumerable<string> GroupLabels(MetricDef def)
    {
        IEnumerable<string> own = def.Labels.Select(label => label.Name);

        // A metric of the node has no pod that says where it is: keep its target apart.
        return IsPerContainer(def) ? own : own.Prepend("instance");
    }
}
