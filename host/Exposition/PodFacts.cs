namespace Pmoas.Host.Exposition;

/// <summary>What the daemon's own metrics tell of how pods are known, as it is now.</summary>
/// <param name="Sources">Each source.</param>
/// <param name="Nameless">Containers that wait for their name.</param>
/// <param name="Missed">Containers whose cgroup was gone before anybody could tag it, since the start.</param>
/// <param name="Tagged">Cgroups that carry a tag.</param>
internal sealed record PodFacts(IReadOnlyList<SourceFact> Sources, int Nameless, long Missed, int Tagged);

/// <summary>A source of pods.</summary>
/// <param name="Source">Its kind.</param>
/// <param name="Endpoint">Where it asks.</param>
/// <param name="IsUp">True when it answered last time.</param>
/// <param name="Age">Time since it was last heard from.</param>
/// <param name="Pods">Pods it told of last.</param>
/// <param name="Failures">How often it failed since it was started.</param>
internal sealed record SourceFact(string Source, string Endpoint, bool IsUp, TimeSpan Age, int Pods, long Failures);
