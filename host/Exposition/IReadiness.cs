namespace Pmoas.Host.Exposition;

/// <summary>Whether the daemon has settled. Thread-safe.</summary>
internal interface IReadiness
{
    /// <summary>What is still to be done before the numbers can be relied on, one line; null once the daemon is ready.</summary>
    string? NotReadyBecause { get; }
}
