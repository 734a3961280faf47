using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pmoas.EndToEnd.Dashboards;

/// <summary>A panel's query, ready to be asked.</summary>
/// <param name="Plugin">Folder of the plugin.</param>
/// <param name="Panel">Title of the panel.</param>
/// <param name="Expression">With its variables filled in as Grafana does for "All".</param>
internal sealed record PanelQuery(string Plugin, string Panel, string Expression);

/// <summary>What the plugins' folders ship for Prometheus and Grafana. No plugin is named here: one that is added is checked because it is there.</summary>
internal static partial class PluginFiles
{
    /// <summary>Names of the plugins' folders that have a dashboard.</summary>
    internal static IReadOnlyList<string> Plugins { get; } =
        [.. Directory.EnumerateFiles(Built.PluginSources, "dashboard.json", SearchOption.AllDirectories).Select(file => Path.GetFileName(Path.GetDirectoryName(file)!)).Order(StringComparer.Ordinal)];

    /// <summary>Files of rules.</summary>
    internal static IReadOnlyList<string> Rules { get; } = [.. Directory.EnumerateFiles(Built.PluginSources, "rules.yml", SearchOption.AllDirectories)];

    /// <summary>The names under which the rules record.</summary>
    internal static IEnumerable<string> Recorded() => Rules.SelectMany(File.ReadLines).Select(line => RecordLine().Match(line)).Where(m => m.Success).Select(m => m.Groups[1].Value);

    /// <summary>Every query of every panel of a plugin's dashboard.</summary>
    internal static IEnumerable<PanelQuery> QueriesOf(string plugin) =>
        from panel in JsonDocument.Parse(File.ReadAllText(Path.Combine(Built.PluginSources, plugin, "dashboard.json"))).RootElement.GetProperty("panels").EnumerateArray()
        where panel.TryGetProperty("targets", out _)
        from target in panel.GetProperty("targets").EnumerateArray()
        select new PanelQuery(plugin, panel.GetProperty("title").GetString()!, Filled(target.GetProperty("expr").GetString()!));

    private static string Filled(string expression) =>
        Variable().Replace(expression.Replace("$__rate_interval", "15s", StringComparison.Ordinal), ".*");

    [GeneratedRegex("^\\s*- record: (\\S+)$")]
    private static partial Regex RecordLine();

    [GeneratedRegex("\\$[a-z]+")]
    private static partial Regex Variable();
}
