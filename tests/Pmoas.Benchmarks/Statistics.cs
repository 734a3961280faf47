namespace Pmoas.Benchmarks;

/// <summary>What a benchmark makes of its rounds.</summary>
internal static class Statistics
{
    /// <summary>The middle one; of two the greater.</summary>
    internal static double Median(this IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>
    /// Between which values the true median is, with 95 % confidence: the order statistics that a binomial of as many fair coins leaves out
    /// on either side, in its normal approximation.
    /// </summary>
    internal static (double From, double To) MedianInterval(this IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int outside = Math.Max(0, (int)((sorted.Length - 1 - (1.96 * Math.Sqrt(sorted.Length))) / 2));
        return (sorted[outside], sorted[^(outside + 1)]);
    }

    /// <summary>Median of the rounds' ratios.</summary>
    internal static double RatioTo(this double[] values, double[] to) => values.Select((value, round) => value / to[round]).Median();
}
