using Pmoas.Host.Describe;
using Tomlyn;
using Tomlyn.Model;

namespace Pmoas.Tests.Describe;

public sealed class SampleConfigTests
{
    private static readonly string Sample = SampleConfig.Of("lab", LabManifest.Manifest.Summary, LabManifest.Manifest.Options);

    [Fact]
    public void sentences_come_from_the_doc_comments_and_values_from_the_defaults() => Assert.Equal(
        """
        ## Measures the laboratory.
        [plugins.lab]
        ## False leaves the plugin alone.
        # enabled = true
        ## Watch only this port; 0 watches all. Goes with Floor. Allowed: 0 to 65535.
        # only_port = 0
        ## Shorter times are not reported.
        # floor = "50us"
        ## Told by an attribute.
        # greeting = "say \"hi\""
        ## Share of events that are kept.
        # share = 1.0
        ## How hard to try. Allowed: "low", "very_high".
        # effort = "very_high"
        ## Interfaces that are left alone, of which there may be very many, so that this sentence has to go
        ## on in a second line.
        # skip = ["lo", "docker0"]
        ## How many at most. Not set by default.
        # limit = 0

        ## What is written where.
        # [plugins.lab.output]
        ## Whether at all.
        # enabled = false

        """, Sample);

    [Fact]
    public void it_is_toml_also_with_every_default_written_out()
    {
        string written = string.Join('\n', Sample.Split('\n').Select(line => line.StartsWith("# ", StringComparison.Ordinal) ? line[2..] : line));
        TomlTable lab = (TomlTable)((TomlTable)TomlSerializer.Deserialize<TomlTable>(written)!["plugins"])["lab"];
        Assert.Equal(9, lab.Count);
        Assert.Equal("50us", lab["floor"]);
    }

    [Fact]
    public void a_plugin_without_options_can_still_be_switched_off() => Assert.Equal(
        "## Does nothing.\n[plugins.no_op]\n## False leaves the plugin alone.\n# enabled = true\n",
        SampleConfig.Of("no_op", "Does nothing.", options: null));

    [Theory]
    [InlineData(0, "\"0s\"")]
    [InlineData(10, "\"1us\"")]
    [InlineData(15_000, "\"1500us\"")]
    [InlineData(100_000, "\"10ms\"")]
    [InlineData(900_000_000, "\"90s\"")]
    [InlineData(36_000_000_000, "\"1h\"")]
    public void a_duration_is_a_whole_number_of_its_largest_unit(long ticks, string text) =>
        Assert.Equal(text, TomlText.Value(TimeSpan.FromTicks(ticks)));
}
