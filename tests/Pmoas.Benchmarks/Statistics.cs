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

    /// <summary>Median of the rounds' ratios.</summary>
    internal static double RatioTo(this double[] values, double[] to) => values.Select((value, round) => value / to[round]).Median();
}
