using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>A Grafana dashboard of a plugin's metrics, as JSON. The same definitions give the same bytes.</summary>
internal static class GrafanaDashboard
{
    /// <summary>Grafana 12's; older dashboards are migrated when read, newer Grafanas read this one.</summary>
    private const int SchemaVersion = 41;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes the dashboard. Ends with a line feed.</summary>
    /// <param name="plugin">Name of the plugin.</param>
    /// <param name="summary">What it measures, one sentence.</param>
    /// <param name="defs">Its metrics; each is drawn as its <see cref="MetricDef.Panel"/> says.</param>
    internal static string Of(string plugin, string summary, IReadOnlyList<MetricDef> defs)
    {
        var dashboard = new JsonObject
        {
            ["uid"] = "pmoas-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plugin)))[..12],
            ["title"] = "PMOAS " + plugin.Replace('_', ' '),
            ["description"] = summary,
            ["tags"] = new JsonArray("pmoas"),
            ["editable"] = true,
            ["graphTooltip"] = 1,
            ["refresh"] = "10s",
            ["schemaVersion"] = SchemaVersion,
            ["time"] = new JsonObject { ["from"] = "now-30m", ["to"] = "now" },
            ["timezone"] = "browser",
            ["templating"] = new JsonObject { ["list"] = GrafanaVariables.Of(defs) },
            ["panels"] = GrafanaPanels.Of(plugin, defs),
        };
        return dashboard.ToJsonString(Indented) + "\n";
    }
}
