using Pmoas.Host.Pods.Sources;

namespace Pmoas.Tests.Pods.Sources;

public sealed class LookTimesTests
{
    private readonly ManualTime _time = new();
    private readonly LookTimes _looks;

    public LookTimesTests() => _looks = new LookTimes(_time);

    [Fact]
    public async Task the_first_look_is_now_and_the_next_one_10_s_later()
    {
        await _looks.WaitAsync(CancellationToken.None);
        Assert.Equal([10_000], await LooksWithin(10_000));
    }

    [Fact]
    public async Task a_nudge_is_three_looks()
    {
        await _looks.WaitAsync(CancellationToken.None);
        _looks.Nudge();
        Assert.Equal([20, 100, 300], await LooksWithin(1000));
    }

    [Fact]
    public async Task nudges_that_come_together_are_one_and_the_late_looks_follow_the_last()
    {
        await _looks.WaitAsync(CancellationToken.None);
        _looks.Nudge();
        _time.Advance(10);
        _looks.Nudge();
        Assert.Equal([10, 100, 300], await LooksWithin(1000));
    }

    [Fact]
    public async Task an_event_is_one_look_at_once()
    {
        await _looks.WaitAsync(CancellationToken.None);
        Task next = _looks.WaitAsync(CancellationToken.None);
        Assert.False(next.IsCompleted);
        _looks.Soon();
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task slow_lists_leave_their_duration_to_the_runtime()
    {
        await _looks.WaitAsync(CancellationToken.None);
        _time.Advance(50);
        _looks.Listed();
        _looks.Soon();
        Assert.Equal([50], await LooksWithin(1000));
    }

    [Fact]
    public async Task a_new_connection_does_not_wait_for_the_end_of_an_old_pause()
    {
        await _looks.WaitAsync(CancellationToken.None);
        _time.Advance(5000);
        _looks.Listed();
        Task next = _looks.WaitAsync(CancellationToken.None);
        Assert.False(next.IsCompleted);
        _looks.Restart();
        await next.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task waiting_ends_when_the_source_stops()
    {
        using CancellationTokenSource stop = new();
        await _looks.WaitAsync(stop.Token);
        Task next = _looks.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    /// <summary>Milliseconds after which there were looks; each takes no time.</summary>
    private async Task<IReadOnlyList<int>> LooksWithin(int milliseconds)
    {
        List<int> looks = [];
        Task next = _looks.WaitAsync(CancellationToken.None);
        for (int now = 10; now <= milliseconds; now += 10)
        {
            _time.Advance(10);
            // A wait whose timer went off comes to its end, or to another timer, in another thread.
            for (DateTime end = DateTime.UtcNow.AddSeconds(10); !next.IsCompleted && _time.Timers == 0; await Task.Yield())
            {
                Assert.True(DateTime.UtcNow < end, "the wait has neither ended nor a timer");
            }
            if (next.IsCompleted)
            {
                looks.Add(now);
                next = _looks.WaitAsync(CancellationToken.None);
            }
        }
        return looks;
    }
}
