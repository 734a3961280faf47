namespace Pmoas.Host.Pods.Sources;

/// <summary>How a source is now.</summary>
/// <param name="Name">Name of the source.</param>
/// <param name="Endpoint">Where it asks.</param>
/// <param name="About">What answers there; empty while that is not known.</param>
/// <param name="IsUp">True when it answered last time it was asked.</param>
/// <param name="HasSettled">True once it has answered or failed for the first time.</param>
/// <param name="Age">Time since it was last heard from; since its start when it never was.</param>
/// <param name="Pods">Pods it told of last.</param>
/// <param name="Failures">How often it failed.</param>
/// <param name="Problem">Why it is down, with the cure; empty when it is up.</param>
/// <param name="IsWanted">True when the user switched it on by name, so that its failing is a fault and not a lack.</param>
internal sealed record SourceStatus(
    string Name, string Endpoint, string About, bool IsUp, bool HasSettled, TimeSpan Age, int Pods, long Failures, string Problem, bool IsWanted);
