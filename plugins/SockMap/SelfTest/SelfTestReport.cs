using Microsoft.Extensions.Logging;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;

namespace Pmoas.SockMap.SelfTest;

/// <summary>What was seen of one property.</summary>
/// <param name="Property">The property.</param>
/// <param name="Seen">Null when it holds; otherwise what was seen instead.</param>
internal sealed record Verdict(Property Property, string? Seen)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Property.Name}: {Seen ?? "as with TCP"}";
}

/// <summary>What the self-test found.</summary>
internal sealed record SelfTestReport(IReadOnlyList<Verdict> Verdicts)
{
    /// <summary>True when nothing that is required fails.</summary>
    internal bool Allows => Verdicts.All(verdict => verdict.Seen is null || verdict.Property.Consequence != Consequence.Nothing);

    /// <summary>The lines of <c>pmoas check</c>.</summary>
    internal IEnumerable<MissingPart> Missing => Failed.Select(verdict =>
        new MissingPart($"self-test {verdict.Property.Name}", $"{Sentence(verdict.Seen!)} {verdict.Property.WithoutIt}"));

    private IEnumerable<Verdict> Failed => Verdicts.Where(verdict => verdict.Seen is not null);

    /// <summary>True when this property holds.</summary>
    internal bool Holds(string property) => Verdicts.Any(verdict => verdict.Property.Name == property && verdict.Seen is null);

    /// <summary>Sets the metric and says in the log what failed.</summary>
    internal void Show(Gauge gauge, ILogger logger)
    {
        foreach (Verdict verdict in Verdicts)
        {
            gauge.Set(verdict.Seen is null ? 1 : 0, verdict.Property.Name);
            if (verdict.Seen is { } seen)
            {
                logger.Log(
                    verdict.Property.Consequence == Consequence.Nothing ? LogLevel.Error : LogLevel.Warning,
                    "self-test {Property} failed: {Seen} {Consequence}", verdict.Property.Name, Sentence(seen), verdict.Property.WithoutIt);
            }
        }

        if (Allows)
        {
            logger.LogInformation("self-test passed: {Count} of {All} properties are as with TCP", Verdicts.Count - Failed.Count(), Verdicts.Count);
        }
    }

    private static string Sentence(string seen) => seen + ".";
}
