using Pmoas.Host.Describe;
using Pmoas.Sdk.Metrics;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Describe;

public sealed class MarkdownTableTests
{
    private static readonly MetricDef[] Defs = [KernelEntry.Queue, .. LabManifest.Manifest.Metrics.Where(def => def.Name.Contains("unpaired", StringComparison.Ordinal))];

    private const string Table =
        "| Metric | Type | Unit | Labels | Meaning | From |\n"
        + "|---|---|---|---|---|---|\n"
        + "| `pmoas_lab_queue_seconds` | histogram | seconds | `namespace`, `pod`, `container`, `role` | Queue. | kernel, `queue` × 1E-09 |\n"
        + "| `pmoas_lab_unpaired_total` | counter | count | `reason` (late\\|early, twice) | Pairs not made. | kernel, `unpaired` |\n";

    [Fact]
    public void one_row_a_metric() => Assert.Equal(Table, MarkdownTable.Of(Defs));

    [Fact]
    public void replaces_what_stands_between_the_marks_and_only_that()
    {
        string once = MarkdownTable.WriteInto("# Lab\n<!-- metrics -->\nold\n<!-- /metrics -->\nEnd\n", "README.md", Defs);
        Assert.Equal($"# Lab\n<!-- metrics -->\n{Table}<!-- /metrics -->\nEnd\n", once);
        Assert.Equal(once, MarkdownTable.WriteInto(once, "README.md", Defs));
    }

    [Theory]
    [InlineData("# Lab\n")]
    [InlineData("<!-- metrics -->\n")]
    [InlineData("<!-- /metrics -->\n<!-- metrics -->\n")]
    [InlineData("<!-- metrics -->\n<!-- /metrics -->\n<!-- metrics -->\n<!-- /metrics -->\n")]
    public void missing_or_doubled_marks_are_an_error_that_says_what_to_add(string readme)
    {
        FormatException error = Assert.Throws<FormatException>(() => MarkdownTable.WriteInto(readme, "plugins/Lab/README.md", Defs));
        Assert.Equal(
            "plugins/Lab/README.md: the table goes between a line <!-- metrics --> and a line <!-- /metrics -->, each there once; add them",
            error.Message);
    }
}
