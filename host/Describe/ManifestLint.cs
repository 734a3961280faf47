using System.Text.RegularExpressions;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>What is wrong with the metrics a manifest declares, by the conventions of Prometheus and of PMOAS. Pure.</summary>
internal static partial class ManifestLint
{
    private const int MostLabels = 7;

    /// <summary>Labels whose values nobody can count.</summary>
    private static readonly HashSet<string> Unbounded =
        ["pid", "tid", "tgid", "ip", "addr", "address", "port", "socket", "cookie", "inode", "cgroup", "netns", "uid", "id"];

    /// <summary>Suffixes that are not Prometheus' base units, and those Prometheus itself appends to a histogram.</summary>
    private static readonly string[] WrongSuffixes =
    [
        "_ns", "_us", "_ms", "_nanoseconds", "_microseconds", "_milliseconds", "_minutes", "_hours", "_kb", "_mb", "_kilobytes", "_megabytes",
        "_bits", "_percent", "_count", "_sum", "_bucket",
    ];

    /// <summary>One sentence for each mistake; empty when there is none.</summary>
    internal static IReadOnlyList<string> Check(ProbeManifest manifest) =>
    [
        .. manifest.Metrics.CountBy(def => def.Name).Where(name => name.Value > 1).Select(name => $"{name.Key}: declared {name.Value} times"),
        .. manifest.Metrics.SelectMany(def => Check(manifest.Name, def).Select(mistake => $"{def.Name}: {mistake}")),
    ];

    private static IEnumerable<string> Check(string plugin, MetricDef def)
    {
        if (!def.Name.StartsWith($"pmoas_{plugin}_", StringComparison.Ordinal) || !NamePattern().IsMatch(def.Name))
        {
            yield return $"the name must be pmoas_{plugin}_WHAT_UNIT in lower case";
        }

        bool total = def.Name.EndsWith("_total", StringComparison.Ordinal);
        if (total != def is CounterDef)
        {
            yield return "a counter's name ends in _total, and no other's does";
        }

        string stem = total ? def.Name[..^"_total".Length] : def.Name;
        if (WrongSuffixes.FirstOrDefault(suffix => stem.EndsWith(suffix, StringComparison.Ordinal)) is { } wrong)
        {
            yield return $"{wrong} is no base unit; use _seconds, _bytes or _ratio";
        }

        if (def is HistogramDef && MetricText.Unit(def) is "count")
        {
            yield return "a histogram's name ends in its unit: _seconds, _bytes or _ratio";
        }

        if (def.Help.Length < 2 || !char.IsUpper(def.Help[0]) && !char.IsDigit(def.Help[0]) || !def.Help.EndsWith('.') || def.Help.Contains('\n', StringComparison.Ordinal))
        {
            yield return "the help must be one sentence: it begins with a capital letter and ends with a full stop";
        }

        if (def.Labels.Count > MostLabels)
        {
            yield return $"{def.Labels.Count} labels, at most {MostLabels} are allowed";
        }

        foreach (Label label in def.Labels.Where(label => label.Name.Split('_').Any(Unbounded.Contains)))
        {
            yield return $"label {label.Name} has no end of values; leave it out";
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex NamePattern();
}
