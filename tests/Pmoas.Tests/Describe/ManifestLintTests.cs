using Pmoas.Host.Describe;
using Pmoas.Host.Exposition;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Tests.Describe;

public sealed class ManifestLintTests
{
    [Fact]
    public void every_plugin_keeps_to_the_conventions() => Assert.Empty(AllPlugins.Manifests.SelectMany(ManifestLint.Check));

    [Fact]
    public void a_good_manifest_has_no_mistakes() => Assert.Empty(ManifestLint.Check(LabManifest.Manifest));

    [Fact]
    public void the_daemons_own_metrics_keep_to_them_but_for_the_prefix() =>
        Assert.All(
            ManifestLint.Check(new ProbeManifest { Name = "self", Summary = "", Metrics = SelfMetricDefs.All }),
            mistake => Assert.EndsWith("the name must be pmoas_self_WHAT_UNIT in lower case", mistake));

    [Fact]
    public void names_every_mistake()
    {
        MetricDef[] metrics =
        [
            new CounterDef("pmoas_field_things_total", "Things.", []),
            new CounterDef("pmoas_lab_Things_total", "Things.", []),
            new CounterDef("pmoas_lab_things", "Things.", []),
            new GaugeDef("pmoas_lab_open_total", "Open.", []),
            new CounterDef("pmoas_lab_wait_ms_total", "Waits.", []),
            new HistogramDef("pmoas_lab_wait", "Waits.", []),
            new GaugeDef("pmoas_lab_level", "level of the tank", []),
            new GaugeDef("pmoas_lab_wide", "Wide.", [.. Label.Container, new("a", "A."), new("b", "B."), new("c", "C."), new("d", "D.")]),
            new GaugeDef("pmoas_lab_endless", "Endless.", [new("pid", "P."), new("peer_address", "A."), new("port", "P.")]),
            new GaugeDef("pmoas_lab_twice", "Twice.", []),
            new GaugeDef("pmoas_lab_twice", "Twice.", []),
        ];
        Assert.Equal(
        [
            "pmoas_lab_twice: declared 2 times",
            "pmoas_field_things_total: the name must be pmoas_lab_WHAT_UNIT in lower case",
            "pmoas_lab_Things_total: the name must be pmoas_lab_WHAT_UNIT in lower case",
            "pmoas_lab_things: a counter's name ends in _total, and no other's does",
            "pmoas_lab_open_total: a counter's name ends in _total, and no other's does",
            "pmoas_lab_wait_ms_total: _ms is no base unit; use _seconds, _bytes or _ratio",
            "pmoas_lab_wait: a histogram's name ends in its unit: _seconds, _bytes or _ratio",
            "pmoas_lab_level: the help must be one sentence: it begins with a capital letter and ends with a full stop",
            "pmoas_lab_wide: 8 labels, at most 7 are allowed",
            "pmoas_lab_endless: label pid has no end of values; leave it out",
            "pmoas_lab_endless: label peer_address has no end of values; leave it out",
            "pmoas_lab_endless: label port has no end of values; leave it out",
        ], ManifestLint.Check(new ProbeManifest { Name = "lab", Summary = "Lab.", Metrics = metrics }));
    }
}
