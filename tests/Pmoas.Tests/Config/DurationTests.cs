using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class DurationTests
{
    [Theory]
    [InlineData("50us", 50)]
    [InlineData("10ms", 10_000)]
    [InlineData("5s", 5_000_000)]
    [InlineData("1m", 60_000_000)]
    [InlineData("1h30m", 5_400_000_000)]
    [InlineData("0.5s", 500_000)]
    [InlineData("1d", 86_400_000_000)]
    [InlineData("1w", 604_800_000_000)]
    [InlineData("0", 0)]
    public void reads_a_duration(string text, long microseconds)
    {
        Assert.True(Duration.TryParse(text, out TimeSpan value));
        Assert.Equal(TimeSpan.FromMicroseconds(microseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("s")]
    [InlineData("5S")]
    [InlineData("5s\n")]
    [InlineData("99999999999w")]
    [InlineData("99999999999999999999999999999999s")]
    public void refuses_what_is_none(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(50, "50us")]
    [InlineData(90_000_000, "90s")]
    [InlineData(3_600_000_000, "1h")]
    [InlineData(1_000_000, "1s")]
    public void writes_the_shortest_form(long microseconds, string text) => Assert.Equal(text, Duration.Format(TimeSpan.FromMicroseconds(microseconds)));
}
