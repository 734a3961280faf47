using System.Text.Json;
using System.Text.RegularExpressions;
using Pmoas.Host.Describe;
using Pmoas.Host.Exposition;
using Pmoas.Sdk;
using Pmoas.Tests.Exposition;

namespace Pmoas.Tests.Describe;

public sealed class GrafanaDashboardTests
{
    private static readonly string Lab = Of(LabManifest.Manifest);

    public static TheoryData<string> Dashboards =>
        [Lab, GrafanaDashboard.Of("pmoas", "The daemon.", SelfMetricDefs.All), .. AllPlugins.Manifests.Select(Of)];

    [Fact]
    public void each_metric_has_the_panels_its_definition_asks_for()
    {
        Assert.Equal(
        [
            "Accepted, per second [cps] 0,0",
            "Connected, per second [cps] 12,0",
            "Open [short] 0,8",
            "Sent, per second [Bps] 12,8",
            "Unpaired, per second [cps] 0,16",
            "Memory [bytes] 12,16",
            "Queue, quantiles [s] 0,24",
            "Queue, distribution [s] 12,24",
        ], Panels(Lab).Select(panel =>
        {
            JsonElement at = panel.GetProperty("gridPos");
            return $"{panel.GetProperty("title").GetString()} [{panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()}] "
                + $"{at.GetProperty("x").GetInt32()},{at.GetProperty("y").GetInt32()}";
        }));
    }

    [Fact]
    public void the_queries_are_these()
    {
        const string Chosen = "{namespace=~\"$namespace\",pod=~\"$pod\",container=~\"$container\",role=~\"$role\"}";
        string[] queries = [.. Expressions(Lab)];
        Assert.Equal($"sum by (namespace, pod, container, role) (rate(pmoas_lab_accepted_total{Chosen}[$__rate_interval]))", queries[0]);
        Assert.Equal($"sum by (namespace, pod, container, role, result) (rate(pmoas_lab_connected_total{Chosen}[$__rate_interval]))", queries[1]);
        Assert.Equal($"sum by (namespace, pod, container, role) (pmoas_lab_open{Chosen})", queries[2]);
        Assert.Equal(
            $"histogram_quantile(0.5, sum by (le, namespace, pod, container, role) (rate(pmoas_lab_queue_seconds_bucket{Chosen}[$__rate_interval])))",
            queries[6]);
        Assert.Equal($"sum by (le) (rate(pmoas_lab_queue_seconds_bucket{Chosen}[$__rate_interval]))", queries[9]);
        Assert.Equal("sum by (instance, reason) (rate(pmoas_lab_unpaired_total[$__rate_interval]))", queries[4]);
        Assert.Equal("sum by (instance) (pmoas_lab_memory_bytes)", queries[5]);
        Assert.Equal(10, queries.Length);
    }

    [Fact]
    public void the_choices_are_data_source_namespace_pod_container_and_role()
    {
        JsonElement[] variables = [.. JsonDocument.Parse(Lab).RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()];
        Assert.Equal(["datasource", "namespace", "pod", "container", "role"], variables.Select(variable => variable.GetProperty("name").GetString()));
        Assert.Equal(
            "label_values(pmoas_lab_accepted_total{namespace=~\"$namespace\"}, pod)", variables[2].GetProperty("definition").GetString());
    }

    [Fact]
    public void the_same_definitions_give_the_same_bytes_and_a_uid_of_their_own()
    {
        Assert.Equal(Lab, Of(LabManifest.Manifest));
        Assert.Equal("pmoas-a51146d38077", JsonDocument.Parse(Lab).RootElement.GetProperty("uid").GetString());
        Assert.DoesNotContain("pmoas-a51146d38077", Of(LabManifest.Manifest with { Name = "field" }), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task prometheus_understands_every_query(string dashboard)
    {
        string[] queries = [.. Expressions(dashboard)];
        Assert.NotEmpty(queries);
        Assert.All(queries, Assert.NotEmpty);

        // A recording rule is a name and an expression: the way to have a query judged without a server. JSON is YAML too.
        var rules = new
        {
            groups = new[]
            {
                new
                {
                    name = "panels",
                    rules = queries.Select((query, i) => new { record = $"panel:query{i}", expr = Filled(query) }),
                },
            },
        };
        string path = Path.Combine(Path.GetTempPath(), $"pmoas-rules-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(rules), TestContext.Current.CancellationToken);
        try
        {
            (int exitCode, string said) = await Promtool.RunAsync("", "check", "rules", path);
            Assert.True(exitCode == 0, said);
            Assert.Contains($"SUCCESS: {queries.Length} rules found", said, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string Of(ProbeManifest manifest) => GrafanaDashboard.Of(manifest.Name, manifest.Summary, manifest.Metrics);

    private static string Filled(string query) =>
        Regex.Replace(query.Replace("$__rate_interval", "5m", StringComparison.Ordinal), @"\$[a-z]+", ".*");

    private static JsonElement[] Panels(string dashboard) => [.. JsonDocument.Parse(dashboard).RootElement.GetProperty("panels").EnumerateArray()];

    private static IEnumerable<string> Expressions(string dashboard) =>
        from panel in Panels(dashboard)
        from target in panel.GetProperty("targets").EnumerateArray()
        select target.GetProperty("expr").GetString()!;
}
