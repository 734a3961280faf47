using Pmoas.Host.Health;
using Pmoas.Tests.Pods.Sources;

namespace Pmoas.Tests.Health;

public sealed class LoopClockTests
{
    private readonly ManualTime _time = new();
    private readonly LoopClock _clock;

    public LoopClockTests() => _clock = new LoopClock("collecting from plugin", TimeSpan.FromSeconds(15), _time);

    [Fact]
    public void a_loop_at_rest_is_not_stuck_however_long()
    {
        _time.Advance(3_600_000);
        Assert.Null(_clock.StuckBecause);
    }

    [Fact]
    public void a_piece_of_work_over_the_limit_is_told_with_whose_it_is_until_it_ends()
    {
        _clock.Begin("accept");
        _time.Advance(15_000);
        Assert.Null(_clock.StuckBecause);
        _time.Advance(6_000);
        Assert.Equal("collecting from plugin accept takes 21 s already", _clock.StuckBecause);
        _clock.End();
        Assert.Null(_clock.StuckBecause);
    }

    [Fact]
    public void each_piece_has_the_limit_for_itself()
    {
        _clock.Begin("accept");
        _time.Advance(10_000);
        _clock.Begin("sock_map");
        _time.Advance(10_000);
        Assert.Null(_clock.StuckBecause);
    }

    [Fact]
    public void work_of_nobody_in_particular_is_told_without_a_name()
    {
        LoopClock looks = new("looking at the pods", TimeSpan.FromSeconds(15), _time);
        looks.Begin("");
        _time.Advance(16_000);
        Assert.Equal("looking at the pods takes 16 s already", looks.StuckBecause);
    }
}
