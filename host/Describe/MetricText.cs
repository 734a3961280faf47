using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>What a metric's definition says, in words: its kind, its unit, its title.</summary>
internal static class MetricText
{
    /// <summary>The unit suffixes of Prometheus' base units, and the word for each.</summary>
    private static readonly (string Suffix, string Word)[] Units =
        [("_timestamp_seconds", "seconds since 1970"), ("_seconds", "seconds"), ("_bytes", "bytes"), ("_ratio", "ratio"), ("_info", "1")];

    /// <summary>counter, gauge or histogram.</summary>
    internal static string Kind(MetricDef def) => def switch
    {
        CounterDef => "counter",
        GaugeDef => "gauge",
        HistogramDef => "histogram",
        _ => throw new ArgumentException($"{def.Name}: unknown kind of metric {def.GetType().Name}", nameof(def)),
    };

    /// <summary>The unit the name's suffix says; a number of things where it says none.</summary>
    internal static string Unit(MetricDef def) => Suffix(def).Word;

    /// <summary>Where the number comes from, and what one kernel unit of it is.</summary>
    internal static string Source(MetricDef def) => def.Field is null
        ? "set by the plugin"
        : def.Scale == 1 ? $"kernel, `{def.Field}`" : $"kernel, `{def.Field}` × {def.Scale:R}";

    /// <summary>The name without what all metrics of the plugin share and without its unit, as words: <c>Open connections</c>.</summary>
    internal static string Title(string plugin, MetricDef def)
    {
        string stem = WithoutTotal(def.Name);
        stem = stem[..^Suffix(def).Suffix.Length];
        string prefix = $"pmoas_{plugin}_";
        stem = (stem.StartsWith(prefix, StringComparison.Ordinal) ? stem[prefix.Length..] : stem["pmoas_".Length..]).Replace('_', ' ');
        return char.ToUpperInvariant(stem[0]) + stem[1..];
    }

    private static (string Suffix, string Word) Suffix(MetricDef def)
    {
        string name = WithoutTotal(def.Name);
        return Units.FirstOrDefault(unit => name.EndsWith(unit.Suffix, StringComparison.Ordinal), (Suffix: "", Word: "count"));
    }

    private static string WithoutTotal(string name) => name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;
}
