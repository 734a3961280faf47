using Pmoas.SockMap;

namespace Pmoas.Tests.SockMap;

/// <summary>When acceleration is found worse, and when not.</summary>
public sealed class ComparisonTests
{
    private static readonly SockMapOptions s_options = new() { RollbackTurns = 100, RollbackRatio = 1.1, RollbackAfter = TimeSpan.FromSeconds(60) };

    [Fact]
    public void a_gain_is_a_ratio_below_one_and_nothing_is_rolled_back()
    {
        Comparison comparison = new(s_options);
        Assert.Null(comparison.Look(Sums(accelerated: 1000, of: 80, control: 100, at: 100), Seconds(0)));
        Assert.Equal(0.8, comparison.Ratio!.Value, 6);
    }

    [Fact]
    public void too_few_turns_prove_nothing_until_they_are_enough_together()
    {
        Comparison comparison = new(s_options);
        Assert.Null(comparison.Look(Sums(1000, 80, 60, 100), Seconds(0)));
        Assert.Null(comparison.Ratio);
        Assert.Null(comparison.Look(Sums(2000, 80, 120, 100), Seconds(2)));
        Assert.Equal(0.8, comparison.Ratio!.Value, 6);
    }

    [Fact]
    public void slower_for_long_enough_is_rolled_back()
    {
        Comparison comparison = new(s_options);
        for (ulong i = 1; i <= 6; i++)
        {
            Assert.Null(comparison.Look(Sums(1000 * i, 120, 100 * i, 100), Seconds(10 * (int)i)));
        }

        Assert.Equal(RollbackReason.Latency, comparison.Look(Sums(7000, 120, 700, 100), Seconds(70)));
    }

    [Fact]
    public void one_good_span_begins_the_time_anew()
    {
        Comparison comparison = new(s_options);
        Assert.Null(comparison.Look(Sums(1000, 120, 100, 100), Seconds(0)));
        TurnSums then = Sums(1000, 120, 100, 100);
        TurnSums good = Plus(then, Sums(1000, 90, 100, 100));
        Assert.Null(comparison.Look(good, Seconds(50)));
        TurnSums bad = Plus(good, Sums(1000, 120, 100, 100));
        Assert.Null(comparison.Look(bad, Seconds(61)));
        Assert.Equal(1.2, comparison.Ratio!.Value, 6);
    }

    [Fact]
    public void a_little_slower_than_allowed_is_not_worse()
    {
        Comparison comparison = new(s_options);
        for (ulong i = 1; i <= 20; i++)
        {
            Assert.Null(comparison.Look(Sums(1000 * i, 109, 100 * i, 100), Seconds(10 * (int)i)));
        }
    }

    [Fact]
    public void failing_more_often_than_the_others_is_rolled_back()
    {
        Comparison comparison = new(new SockMapOptions { RollbackTurns = 100, RollbackAfter = TimeSpan.Zero });
        GroupSums control = new(Turns: 0, Nanoseconds: 0, Connections: 100, Failed: 1);
        Assert.Null(comparison.Look(new TurnSums(new GroupSums(0, 0, 1000, 25), control), Seconds(0)));
        Assert.Equal(RollbackReason.Errors, comparison.Look(new TurnSums(new GroupSums(0, 0, 1000, 26), control), Seconds(1)));
    }

    private static TurnSums Sums(ulong accelerated, ulong of, ulong control, ulong at) =>
        new(new GroupSums(accelerated, accelerated * of, accelerated, 0), new GroupSums(control, control * at, control, 0));

    private static TurnSums Plus(TurnSums one, TurnSums other) => new(Plus(one.Accelerated, other.Accelerated), Plus(one.Control, other.Control));

    private static GroupSums Plus(GroupSums one, GroupSums other) =>
        new(one.Turns + other.Turns, one.Nanoseconds + other.Nanoseconds, one.Connections + other.Connections, one.Failed + other.Failed);

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
