namespace Pmoas.Sdk.Metrics;

/// <summary>Metric definitions that do not fit: each other, the registry, or the C struct they are read from. Says all that is wrong at once.</summary>
public sealed class MetricDefinitionException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="subject">Whose definitions they are, such as <c>plugin accept</c>.</param>
    /// <param name="mistakes">One sentence each; at least one.</param>
    public MetricDefinitionException(string subject, IReadOnlyList<string> mistakes)
        : base($"{subject}: {string.Join("; ", mistakes)}") => Mistakes = mistakes;

    /// <summary>One sentence each.</summary>
    public IReadOnlyList<string> Mistakes { get; }
}
