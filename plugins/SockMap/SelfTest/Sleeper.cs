using System.Diagnostics;
using System.Globalization;

namespace Pmoas.SockMap.SelfTest;

/// <summary>A thread that waits in a call, as another sees it. What is tried needs it asleep, and on a busy machine no pause is long enough for that.</summary>
internal sealed class Sleeper
{
    /// <summary>What a thread that is to be woken is given to wake in.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private volatile string? _status;
    private volatile bool _isDone;

    /// <summary>Runs what waits, on the calling thread.</summary>
    internal void While(Action waits)
    {
        _status = $"/proc/self/task/{Native.gettid()}/status";
        try
        {
            waits();
        }
        finally
        {
            _isDone = true;
        }
    }

    /// <summary>Returns when the thread sleeps, and has gone to sleep more than so many times; or is done, or takes longer than anything may.</summary>
    /// <returns>How many times it has by then.</returns>
    internal long UntilAsleep(long times = -1)
    {
        long began = Stopwatch.GetTimestamp();
        (bool IsAsleep, long Times) before = default;
        while (true)
        {
            (bool IsAsleep, long Times) now = Look();

            // Twice the same: a thread also sleeps for a moment on its way into the call.
            if (_isDone || Stopwatch.GetElapsedTime(began) > TcpEnd.Patience || (now.IsAsleep && now.Times > times && now == before))
            {
                return now.Times;
            }

            before = now;
            Thread.Sleep(1);
        }
    }

    /// <summary>True when the thread, which has gone to sleep so many times and sleeps, is woken.</summary>
    internal bool Wakes(long times)
    {
        long began = Stopwatch.GetTimestamp();
        while (!_isDone && Look() == (true, times))
        {
            if (Stopwatch.GetElapsedTime(began) > Moment)
            {
                return false;
            }

            Thread.Sleep(1);
        }

        return true;
    }

    private (bool IsAsleep, long Times) Look()
    {
        if (_status is not { } file)
        {
            return default;
        }

        bool isAsleep = false;
        long times = 0;
        foreach (string line in File.ReadLines(file))
        {
            if (line.StartsWith("State:", StringComparison.Ordinal))
            {
                isAsleep = line.EndsWith("(sleeping)", StringComparison.Ordinal);
            }
            else if (line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal))
            {
                times = long.Parse(line.AsSpan(line.IndexOf('\t', StringComparison.Ordinal)), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
            }
        }

        return (isAsleep, times);
    }
}
