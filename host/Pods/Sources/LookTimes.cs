namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// When a source that asks from time to time asks next: soon after something happened, and every 10 s in any case. <see cref="WaitAsync"/>
/// is called by one task; the rest is thread-safe.
/// </summary>
internal sealed class LookTimes(TimeProvider time)
{
    /// <summary>The longest time between two looks.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // A cgroup is made before the runtime lists its container: often by 20 ms, nearly always by 300 ms.
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Second = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Third = TimeSpan.FromMilliseconds(300);

    // A pod may live for less than a second and must be seen once to be named.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _soon = TimeSpan.Zero; // the first look is now
    private TimeSpan _second = TimeSpan.MaxValue;
    private TimeSpan _third = TimeSpan.MaxValue;
    private TimeSpan _regular = TimeSpan.Zero;
    private TimeSpan _lookBegan = TimeSpan.Zero;
    private TimeSpan _earliest = TimeSpan.Zero;

    private TimeSpan Now => time.GetElapsedTime(0);

    /// <summary>Something happened that the runtime may not know yet: look in 20 ms, and again 100 and 300 ms after the last nudge.</summary>
    public void Nudge()
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            _soon = Earlier(_soon, now + Debounce);
            (_second, _third) = (now + Second, now + Third);
            _changed.TrySetResult();
        }
    }

    /// <summary>The runtime itself told of a change: look at once.</summary>
    public void Soon()
    {
        lock (_lock)
        {
            _soon = Earlier(_soon, Now);
            _changed.TrySetResult();
        }
    }

    /// <summary>The next look is the first of a new connection: it is now, whatever the last one took.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            (_soon, _earliest) = (TimeSpan.Zero, TimeSpan.Zero);
            _changed.TrySetResult();
        }
    }

    /// <summary>
    /// The runtime has answered the look that began last with its list. The next begins as long after that as the list took, half a second at
    /// most, however often something happens: a runtime with many containers has other work.
    /// </summary>
    public void Listed()
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            _earliest = now + Earlier(now - _lookBegan, LongestPause);
        }
    }

    /// <summary>Completes when it is time to look.</summary>
    public async Task WaitAsync(CancellationToken stopping)
    {
        while (true)
        {
            Task changed;
            TimeSpan pause;
            lock (_lock)
            {
                TimeSpan now = Now;
                TimeSpan next = Earlier(Earlier(_soon, _second), Earlier(_third, _regular));
                pause = (next > _earliest ? next : _earliest) - now;
                if (pause <= TimeSpan.Zero)
                {
                    Begin(now);
                    return;
                }
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }
            using CancellationTokenSource delay = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            // Up to the next whole millisecond: timers know none smaller.
            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)), time, delay.Token));
            await delay.CancelAsync();
            stopping.ThrowIfCancellationRequested();
        }
    }

    private void Begin(TimeSpan now)
    {
        _lookBegan = now;
        _regular = now + Longest;
        _soon = Pending(_soon, now);
        _second = Pending(_second, now);
        _third = Pending(_third, now);
    }

    private static TimeSpan Pending(TimeSpan at, TimeSpan now) => at <= now ? TimeSpan.MaxValue : at;

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
