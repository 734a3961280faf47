namespace Pmoas.Host.Health;

/// <summary>
/// One loop of the daemon as its watchdog sees it: at rest, or at a piece of work since some moment. Written by the loop, read by any
/// thread. Allocates nothing.
/// </summary>
/// <param name="what">What a piece of work is, to be followed by whose it is: "collecting from plugin".</param>
/// <param name="limit">A piece that lasts longer than this will not end any more.</param>
/// <param name="time">Clock.</param>
internal sealed class LoopClock(string what, TimeSpan limit, TimeProvider time)
{
    /// <summary>For pieces that take milliseconds: no machine is so busy that they take this long, and a scrape gives up earlier.</summary>
    public static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(15);

    private volatile string _of = "";
    private long _since; // 0: at rest

    /// <summary>What lasts too long, one line; null while nothing does.</summary>
    public string? StuckBecause
    {
        get
        {
            long since = Volatile.Read(ref _since);
            return since != 0 && time.GetElapsedTime(since) is var taken && taken > limit
                ? $"{string.Join(' ', what, _of).TrimEnd()} takes {taken.TotalSeconds:0} s already"
                : null;
        }
    }

    /// <summary>A piece of work begins; the one before it, if any, is over.</summary>
    /// <param name="of">Whose, to be shown; may be empty.</param>
    public void Begin(string of)
    {
        _of = of;
        Volatile.Write(ref _since, time.GetTimestamp());
    }

    /// <summary>The loop rests.</summary>
    public void End() => Volatile.Write(ref _since, 0);
}
