using Pmoas.Host.Plugins;

namespace Pmoas.Host.Traces;

/// <summary>A time in which the collector takes nothing: it is told once when it begins and once when it is over, and the collector is asked more and more rarely.</summary>
internal sealed partial class Outage(string endpoint, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private int _failures;
    private long _began;
    private long _failed;
    private TimeSpan _pause;

    /// <summary>Why the last request failed, while it is too early for another; null when one may be made.</summary>
    internal TraceDrop? Pausing => _failures > 0 && time.GetElapsedTime(_failed) < _pause ? Reason : null;

    private TraceDrop Reason { get; set; }

    /// <summary>A request failed.</summary>
    internal void Failed(TraceDrop reason, string text)
    {
        Reason = reason;
        _failed = time.GetTimestamp();
        if (_failures++ == 0)
        {
            _began = _failed;
            Begins(endpoint, text);
        }

        TimeSpan pause = Backoff.Pause(_failures, Random.Shared.NextDouble());
        _pause = pause < Longest ? pause : Longest;
    }

    /// <summary>A request was taken.</summary>
    internal void Taken()
    {
        if (_failures > 0)
        {
            IsOver(endpoint, time.GetElapsedTime(_began).TotalSeconds);
            _failures = 0;
        }
    }

    [LoggerMessage(LogLevel.Warning, "the collector {Endpoint} takes no traces: {Reason}; they are dropped and counted in pmoas_traces_dropped_total until it does")]
    private partial void Begins(string endpoint, string reason);

    [LoggerMessage(LogLevel.Information, "the collector {Endpoint} takes traces again, after {Seconds:0} s")]
    private partial void IsOver(string endpoint, double seconds);
}
