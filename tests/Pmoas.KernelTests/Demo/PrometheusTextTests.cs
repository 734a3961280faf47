using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Demo;

public sealed class PrometheusTextTests
{
    private const string Text = """
        # HELP x_seconds Time.
        # TYPE x_seconds histogram
        x_seconds_bucket{pod="a",le="1"} 10
        x_seconds_bucket{pod="a",le="2"} 30
        x_seconds_bucket{pod="a",le="+Inf"} 40
        x_seconds_sum{pod="a"} 61.5
        x_seconds_count{pod="a"} 40
        y_total{pod="a",why="a \"b\" \\ {c},\nd"} 3
        y_total{pod="b",why=""} 4e1 1700000000000
        z -Inf
        """;

    [Fact]
    public void reads_names_labels_with_escapes_and_values()
    {
        Scrape scrape = Scrape.Parse(Text);

        Assert.Equal(8, scrape.Samples.Count);
        Assert.Equal("a \"b\" \\ {c},\nd", scrape.Find("y_total", ("pod", "a")).Single().Labels["why"]);
        Assert.Equal(43, scrape.Sum("y_total"));
        Assert.Equal(40, scrape.Sum("y_total", ("pod", "b")));
        Assert.Equal(0, scrape.Sum("y_total", ("pod", "c")));
        Assert.Equal(double.NegativeInfinity, scrape.Sum("z"));
        Assert.Throws<FormatException>(() => Scrape.Parse("nonsense"));
    }

    [Theory]
    [InlineData(0.125, 0.5)]
    [InlineData(0.5, 1.5)]
    [InlineData(0.75, 2)]
    [InlineData(0.99, 2)] // nothing is known above the last finite bound
    public void interpolates_a_quantile_within_its_bucket(double share, double expected)
    {
        ScrapedHistogram histogram = Scrape.Parse(Text).Histogram("x_seconds", ("pod", "a"));

        Assert.Equal((40, 61.5), (histogram.Count, histogram.Sum));
        Assert.Equal(expected, histogram.Quantile(share), 12);
        Assert.True(double.IsNaN(Scrape.Parse("").Histogram("x_seconds").Quantile(share)));
    }
}
