namespace Pmoas.Sdk;

/// <summary>
/// What a probe may implement besides <see cref="IProbe"/>: it tells what this machine keeps from it, beyond hooks, which the host knows.
/// </summary>
public interface IProbeCheck
{
    /// <summary>What is missing; asked once the probe has started, by <c>pmoas check</c>. Empty when all is there.</summary>
    IReadOnlyList<MissingPart> Missing { get; }
}

/// <summary>Something a probe does without.</summary>
/// <param name="Name">What it is, such as <c>cgroup controller memory</c>.</param>
/// <param name="WithoutIt">What is lost, and the cure; one sentence.</param>
public sealed record MissingPart(string Name, string WithoutIt);
