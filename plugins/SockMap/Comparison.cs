namespace Pmoas.SockMap;

/// <summary>Why a container is left alone.</summary>
internal enum RollbackReason
{
    /// <summary>Its accelerated turns take longer.</summary>
    Latency,

    /// <summary>Its accelerated connections fail more often.</summary>
    Errors,
}

/// <summary>
/// Compares the two groups of one container, over spans in which both had enough turns, and says when acceleration has been worse for too
/// long. Pure: it is told the time. Not thread-safe.
/// </summary>
internal sealed class Comparison(SockMapOptions options)
{
    /// <summary>Fewer failures than this, beyond those of the control group's rate, prove nothing.</summary>
    private const double FewestFailures = 5;

    private TurnSums _then;
    private TimeSpan? _worseSince;
    private RollbackReason _worse;

    /// <summary>Mean turn of the accelerated group through that of the control group, in the last span; null before one is over.</summary>
    internal double? Ratio { get; private set; }

    /// <summary>Looks at the sums of now.</summary>
    /// <param name="now">The sums.</param>
    /// <param name="time">Of any clock that only goes forward.</param>
    /// <returns>The reason, when acceleration has been worse in every span for as long as the options say.</returns>
    internal RollbackReason? Look(TurnSums now, TimeSpan time)
    {
        GroupSums accelerated = now.Accelerated - _then.Accelerated, control = now.Control - _then.Control;
        RollbackReason? worse = null;
        if (FailsMore(accelerated, control))
        {
            worse = RollbackReason.Errors;
        }
        else if (accelerated.Turns < options.RollbackTurns || control.Turns < options.RollbackTurns)
        {
            return null; // the span goes on
        }
        else
        {
            Ratio = (double)accelerated.Nanoseconds / accelerated.Turns * control.Turns / control.Nanoseconds;
            worse = Ratio > options.RollbackRatio ? RollbackReason.Latency : null;
        }

        _then = now;
        if (worse is null || (_worseSince is not null && worse != _worse))
        {
            _worseSince = null;
        }

        if (worse is not { } reason)
        {
            return null;
        }

        (_worse, _worseSince) = (reason, _worseSince ?? time);
        return time - _worseSince >= options.RollbackAfter ? reason : null;
    }

    private static bool FailsMore(GroupSums accelerated, GroupSums control)
    {
        if (accelerated.Connections == 0)
        {
            return false;
        }

        double expected = control.Connections == 0 ? 0 : (double)control.Failed / control.Connections * accelerated.Connections;
        return control.Connections > 0 && accelerated.Failed > (expected * 2) + FewestFailures;
    }
}
