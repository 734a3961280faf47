using System.Text;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>The table of a plugin's metrics in its README.</summary>
internal static class MarkdownTable
{
    /// <summary>The line the table follows.</summary>
    internal const string Begin = "<!-- metrics -->";

    /// <summary>The line the table ends before.</summary>
    internal const string End = "<!-- /metrics -->";

    /// <summary>One row a metric, in the order of declaration. Ends with a line feed.</summary>
    internal static string Of(IReadOnlyList<MetricDef> defs)
    {
        var table = new StringBuilder("| Metric | Type | Unit | Labels | Meaning | From |\n|---|---|---|---|---|---|\n");
        foreach (MetricDef def in defs)
        {
            string labels = string.Join(", ", def.Labels.Select(Text));
            table.Append($"| `{def.Name}` | {MetricText.Kind(def)} | {MetricText.Unit(def)} | {labels} | {Cell(def.Help)} | {MetricText.Source(def)} |\n");
        }

        return table.ToString();
    }

    /// <summary>The README with its table made anew.</summary>
    /// <param name="readme">Text of the README.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <param name="defs">The metrics.</param>
    /// <exception cref="FormatException">The two marks are not there, each once and in order.</exception>
    internal static string WriteInto(string readme, string path, IReadOnlyList<MetricDef> defs)
    {
        string[] around = readme.Split(Begin);
        string[] after = around.Length == 2 ? around[1].Split(End) : [];
        return after.Length == 2
            ? $"{around[0]}{Begin}\n{Of(defs)}{End}{after[1]}"
            : throw new FormatException($"{path}: the table goes between a line {Begin} and a line {End}, each there once; add them");
    }

    private static string Text(Label label) =>
        label.Values.Count == 0 ? $"`{label.Name}`" : $"`{label.Name}` ({string.Join(", ", label.Values.Select(Cell))})";

    /// <summary>Text that does not end its cell.</summary>
    internal static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
