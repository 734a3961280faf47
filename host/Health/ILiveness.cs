namespace Pmoas.Host.Health;

/// <summary>Whether the daemon's loops still turn. Thread-safe.</summary>
internal interface ILiveness
{
    /// <summary>Which of them does not any more, one line; null while all do.</summary>
    string? StuckBecause { get; }
}
