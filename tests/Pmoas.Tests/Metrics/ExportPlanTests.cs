using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Tests.Metrics;

public sealed class ExportPlanTests
{
    private static readonly ExportedMap ByContainer = new("counters", KernelEntry.Struct, PerContainer: true);

    private static readonly ExportedMap OfNode =
        new("totals", new BtfStruct("lab_totals", 8, [new BtfMember("unpaired", 0, 16, "__u64", 2)]), PerContainer: false);

    [Fact]
    public void finds_each_member_in_its_map()
    {
        CounterDef unpaired = new("pmoas_lab_unpaired_total", "Unpaired.", [new Label("reason", "Why.", "late", "twice")]) { Field = "unpaired" };
        CounterDef own = new("pmoas_lab_own_total", "Set by the probe.", []);
        IReadOnlyList<(ExportedMap Map, IReadOnlyList<ExportedField> Fields)> plan =
            ExportPlan.Make("plugin lab", [ByContainer, OfNode], [.. KernelEntry.Defs, unpaired, own]);
        Assert.Equal(["accepted", "connected", "open", "queue"], plan[0].Fields.Select(field => field.Member.Name));
        Assert.Equal(["unpaired"], plan[1].Fields.Select(field => field.Member.Name));
    }

    [Fact]
    public void lists_all_mismatches_at_once()
    {
        MetricDef[] defs =
        [
            new CounterDef("pmoas_lab_a_total", "A.", Label.Container) { Field = "absent" },
            new CounterDef("pmoas_lab_b_total", "B.", Label.Container) { Field = "queue" },
            new HistogramDef("pmoas_lab_c_seconds", "C.", Label.Container) { Field = "open" },
            new CounterDef("pmoas_lab_d_total", "D.", [.. Label.Container, new Label("result", "R.", "ok", "refused")]) { Field = "connected" },
            new CounterDef("pmoas_lab_e_total", "E.", Label.Container) { Field = "connected" },
            new CounterDef("pmoas_lab_f_total", "F.", [new Label("pod", "P.")]) { Field = "accepted" },
            new CounterDef("pmoas_lab_g_total", "G.", []) { Field = "accepted" },
            new HistogramDef("pmoas_lab_h_seconds", "H.", Label.Container) { Field = "queue" },
            new CounterDef("pmoas_lab_i_total", "I.", Label.Container) { Field = "unpaired" },
        ];
        MetricDefinitionException error = Assert.Throws<MetricDefinitionException>(() => ExportPlan.Make("plugin lab", [ByContainer, OfNode], defs));
        Assert.Equal(
        [
            "pmoas_lab_a_total: no exported map has a member absent (counters: struct lab_counters, totals: struct lab_totals)",
            "pmoas_lab_b_total: a counter or gauge is read from a __u64 or an array of them, this is pmoas_histogram (448 bytes) (struct lab_counters, member queue)",
            "pmoas_lab_c_seconds: a histogram is read from one struct pmoas_histogram of 448 bytes, this is __s64 (8 bytes) (struct lab_counters, member open)",
            "pmoas_lab_c_seconds: its Buckets are not 2^10, 2^11, … (27 bounds) times its Scale 1; nanoseconds as seconds need Scale = 1e-9 (struct lab_counters, member open)",
            "pmoas_lab_d_total: label result names 2 positions, the C member has 3 (struct lab_counters, member connected)",
            "pmoas_lab_e_total: an array of 3 needs a label whose Values name its positions (struct lab_counters, member connected)",
            "pmoas_lab_f_total: its labels must start with namespace, pod, container, role (Label.Container) (struct lab_counters, member accepted)",
            "pmoas_lab_g_total: map counters is exported by container, so its metrics' labels start with Label.Container",
            "pmoas_lab_h_seconds: its Buckets are not 2^10, 2^11, … (27 bounds) times its Scale 1; nanoseconds as seconds need Scale = 1e-9 (struct lab_counters, member queue)",
            "pmoas_lab_i_total: map totals is exported for the node, so its metrics carry no container label",
        ], error.Mistakes);
        Assert.StartsWith("plugin lab: pmoas_lab_a_total: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_member_in_two_exported_maps_is_not_guessed()
    {
        MetricDefinitionException error = Assert.Throws<MetricDefinitionException>(() => ExportPlan.Make(
            "plugin lab", [ByContainer, ByContainer with { Map = "others" }], [KernelEntry.Accepted]));
        Assert.Equal(["pmoas_lab_accepted_total: member accepted is in more than one exported map (counters, others)"], error.Mistakes);
    }

    [Fact]
    public void a_field_without_any_exported_map_says_so()
    {
        MetricDefinitionException error = Assert.Throws<MetricDefinitionException>(() => ExportPlan.Make("plugin lab", [], [KernelEntry.Accepted]));
        Assert.Equal(["pmoas_lab_accepted_total: no exported map has a member accepted (none is exported)"], error.Mistakes);
    }
}
