using System.Text.Json.Nodes;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>The choices at the top of a dashboard: data source, and the containers to look at.</summary>
internal static class GrafanaVariables
{
    /// <summary>A variable for the data source, and one for each container label when any metric has them.</summary>
    internal static JsonArray Of(IReadOnlyList<MetricDef> defs)
    {
        JsonArray variables =
        [
            new JsonObject { ["name"] = "datasource", ["label"] = "Data source", ["type"] = "datasource", ["query"] = "prometheus" },
        ];
        if (defs.FirstOrDefault(PromQl.IsPerContainer) is not { } first)
        {
            return variables;
        }

        string series = first is HistogramDef ? first.Name + "_count" : first.Name;
        List<string> narrower = [];
        foreach (Label label in Label.Container)
        {
            string query = $"label_values({series}{{{string.Join(",", narrower)}}}, {label.Name})";
            variables.Add((JsonNode)new JsonObject
            {
                ["name"] = label.Name,
                ["description"] = label.Help,
                ["type"] = "query",
                ["datasource"] = GrafanaPanels.DataSource(),
                ["query"] = new JsonObject { ["query"] = query, ["refId"] = label.Name },
                ["definition"] = query,
                ["refresh"] = 2,
                ["sort"] = 1,
                ["multi"] = true,
                ["includeAll"] = true,
                ["allValue"] = ".*",
                ["current"] = new JsonObject { ["text"] = new JsonArray("All"), ["value"] = new JsonArray("$__all") },
            });
            narrower.Add($"{label.Name}=~\"${label.Name}\"");
        }

        return variables;
    }
}
