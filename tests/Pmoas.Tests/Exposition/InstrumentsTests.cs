using Pmoas.Host.Exposition;
using Pmoas.Sdk.Metrics;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Exposition;

public sealed class InstrumentsTests
{
    private readonly Instruments _instruments = new();

    [Fact]
    public async Task a_metric_without_labels_is_0_from_the_start_and_ends_with_its_plugin()
    {
        CounterDef def = new("pmoas_lab_things_total", "Things.", []);
        PluginInstruments plugin = _instruments.Register("lab", [def]);
        Assert.Equal(["pmoas_lab_things_total 0"], await Exposed.LinesAsync(_instruments));
        plugin.EndAll();
        Assert.Empty(await Exposed.LinesAsync(_instruments));
        _instruments.Register("lab", [def]).Counter(def).Add(2);
        Assert.Equal(["pmoas_lab_things_total 2"], await Exposed.LinesAsync(_instruments));
    }

    [Fact]
    public async Task a_removed_series_is_gone_and_the_others_stay()
    {
        CounterDef counter = new("pmoas_lab_things_total", "Things.", [new Label("kind", "Kind.")]);
        GaugeDef gauge = new("pmoas_lab_level", "Level.", [new Label("kind", "Kind.")]);
        HistogramDef histogram = new("pmoas_lab_size_bytes", "Size.", [new Label("kind", "Kind.")]) { Buckets = [1] };
        PluginInstruments plugin = _instruments.Register("lab", [counter, gauge, histogram]);
        foreach (string kind in new[] { "a", "b" })
        {
            plugin.Counter(counter).Add(1.5, kind);
            plugin.Gauge(gauge).Set(-2, kind);
            plugin.Histogram(histogram).Observe(0.5, 3, kind);
        }

        plugin.Counter(counter).Remove("a");
        plugin.Gauge(gauge).Remove("a");
        plugin.Histogram(histogram).Remove("a");
        plugin.Gauge(gauge).Remove("never set");
        Assert.Equal(
        [
            "pmoas_lab_things_total{kind=\"b\"} 1.5",
            "pmoas_lab_level{kind=\"b\"} -2",
            "pmoas_lab_size_bytes_sum{kind=\"b\"} 1.5",
            "pmoas_lab_size_bytes_count{kind=\"b\"} 3",
            "pmoas_lab_size_bytes_bucket{kind=\"b\",le=\"1\"} 3",
            "pmoas_lab_size_bytes_bucket{kind=\"b\",le=\"+Inf\"} 3",
        ], await Exposed.LinesAsync(_instruments));
    }

    [Fact]
    public async Task label_values_are_escaped()
    {
        CounterDef def = new("pmoas_lab_things_total", "Things.", [new Label("kind", "Kind.")]);
        _instruments.Register("lab", [def]).Counter(def).Add(1, "a\"b\\c\nd");
        Assert.Equal(["pmoas_lab_things_total{kind=\"a\\\"b\\\\c\\nd\"} 1"], await Exposed.LinesAsync(_instruments));
    }

    [Fact]
    public void a_name_belongs_to_one_plugin_and_has_one_shape()
    {
        CounterDef def = new("pmoas_lab_things_total", "Things.", []);
        GaugeDef gauge = new("pmoas_lab_level", "Level.", []);
        _instruments.Register("lab", [def, gauge]);
        MetricDefinitionException other = Assert.Throws<MetricDefinitionException>(() => _instruments.Register("field", [def, gauge, gauge]));
        Assert.Equal(
            "metrics of field: pmoas_lab_level is declared 2 times; pmoas_lab_things_total is already a metric of lab; rename it; "
            + "pmoas_lab_level is already a metric of lab; rename it; pmoas_lab_level is already a metric of lab; rename it", other.Message);
        MetricDefinitionException changed = Assert.Throws<MetricDefinitionException>(
            () => _instruments.Register("lab", [new GaugeDef("pmoas_lab_things_total", "Things.", [new Label("kind", "Kind.")])]));
        Assert.Equal("metrics of lab: pmoas_lab_things_total was a counter by () and is now a gauge by (kind); restart the daemon", changed.Message);
    }

    [Fact]
    public void a_definition_outside_the_manifest_is_refused()
    {
        PluginInstruments plugin = _instruments.Register("lab", []);
        MetricDefinitionException error = Assert.Throws<MetricDefinitionException>(() => plugin.Counter(new CounterDef("pmoas_lab_x_total", "X.", [])));
        Assert.Equal("metrics of lab: pmoas_lab_x_total is not in the manifest; add it to Metrics", error.Message);
    }

    [Fact]
    public void an_existing_series_costs_no_allocation()
    {
        CounterDef counter = new("pmoas_lab_things_total", "Things.", [new Label("kind", "Kind.")]);
        GaugeDef gauge = new("pmoas_lab_level", "Level.", [new Label("kind", "Kind.")]);
        HistogramDef histogram = new("pmoas_lab_wait_seconds", "Wait.", [new Label("kind", "Kind.")]);
        PluginInstruments plugin = _instruments.Register("lab", [counter, gauge, histogram]);
        Counter things = plugin.Counter(counter);
        Gauge level = plugin.Gauge(gauge);
        Histogram wait = plugin.Histogram(histogram);
        void Once()
        {
            things.Add(1, "a");
            level.Set(1, "a");
            wait.Observe(0.1, 2, "a");
        }

        Once();
        Assert.Equal(0, Allocations.OfBatch(1000, Once));
    }
}
