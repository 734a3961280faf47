using System.Text.Json.Nodes;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Describe;

/// <summary>The panels of a dashboard, two a row: in the order the metrics are declared, histograms last.</summary>
internal static class GrafanaPanels
{
    private const int Width = 12;
    private const int Height = 8;

    /// <summary>Makes the panels of these metrics.</summary>
    internal static JsonArray Of(string plugin, IReadOnlyList<MetricDef> defs)
    {
        JsonArray panels = [];
        int place = 0;

        // Histograms last: each takes a whole row, and one between the others would leave a hole.
        foreach (MetricDef def in defs.OrderBy(def => def.Panel == Panel.Quantiles))
        {
            place += def.Panel == Panel.Quantiles ? place % 2 : 0;
            foreach (JsonObject panel in Of(plugin, def))
            {
                panel["id"] = panels.Count + 1;
                panel["gridPos"] = new JsonObject { ["h"] = Height, ["w"] = Width, ["x"] = place % 2 * Width, ["y"] = place / 2 * Height };
                panels.Add((JsonNode)panel);
                place++;
            }
        }

        return panels;
    }

    /// <summary>The data source chosen at the top of the dashboard.</summary>
    internal static JsonObject DataSource() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    private static IEnumerable<JsonObject> Of(string plugin, MetricDef def)
    {
        string title = MetricText.Title(plugin, def);
        string legend = PromQl.Legend(def);
        switch (def.Panel)
        {
            case Panel.Rate:
                yield return Draw("timeseries", $"{title}, per second", def, RateUnit(def), [Query(PromQl.Rate(def), legend)]);
                break;
            case Panel.Value:
                yield return Draw("timeseries", title, def, ValueUnit(def), [Query(PromQl.Value(def), legend)]);
                break;
            case Panel.Quantiles:
                yield return Draw("timeseries", $"{title}, quantiles", def, ValueUnit(def),
                    [.. PromQl.Quantiles.Select(quantile => Query(PromQl.Quantile(def, quantile.Value), $"{quantile.Name} {legend}"))]);
                yield return HeatMap(title, def);
                break;
        }
    }

    private static JsonObject Draw(string type, string title, MetricDef def, string unit, IReadOnlyList<JsonObject> queries)
    {
        JsonArray targets = [];
        foreach (JsonObject query in queries)
        {
            query["refId"] = ((char)('A' + targets.Count)).ToString();
            targets.Add((JsonNode)query);
        }

        return new JsonObject
        {
            ["type"] = type,
            ["title"] = title,
            ["description"] = def.Help,
            ["datasource"] = DataSource(),
            ["fieldConfig"] = new JsonObject { ["defaults"] = new JsonObject { ["unit"] = unit }, ["overrides"] = new JsonArray() },
            ["options"] = new JsonObject { ["legend"] = new JsonObject { ["displayMode"] = "table", ["placement"] = "bottom", ["calcs"] = new JsonArray("lastNotNull", "max") } },
            ["targets"] = targets,
        };
    }

    private static JsonObject HeatMap(string title, MetricDef def)
    {
        JsonObject query = Query(PromQl.Buckets(def), "{{le}}");
        query["format"] = "heatmap";
        JsonObject panel = Draw("heatmap", $"{title}, distribution", def, ValueUnit(def), [query]);
        panel["options"] = new JsonObject
        {
            ["calculate"] = false,
            ["color"] = new JsonObject { ["mode"] = "scheme", ["scheme"] = "Spectral", ["steps"] = 64 },
            ["yAxis"] = new JsonObject { ["unit"] = ValueUnit(def) },
        };
        return panel;
    }

    private static JsonObject Query(string expression, string legend) => new()
    {
        ["datasource"] = DataSource(),
        ["expr"] = expression,
        ["legendFormat"] = legend,
        ["range"] = true,
    };

    private static string ValueUnit(MetricDef def) => MetricText.Unit(def) switch
    {
        "seconds" => "s",
        "bytes" => "bytes",
        "ratio" => "percentunit",
        _ => "short",
    };

    /// <summary>Seconds a second are a share of one CPU, or of one whatever is timed.</summary>
    private static string RateUnit(MetricDef def) => MetricText.Unit(def) switch
    {
        "seconds" => "percentunit",
        "bytes" => "Bps",
        _ => "cps",
    };
}
