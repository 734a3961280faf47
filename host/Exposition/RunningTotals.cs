using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Exposition;

/// <summary>
/// Turns totals that begin again at 0 with every start of a plugin into a counter that only grows. Not thread-safe.
/// </summary>
internal sealed class RunningTotals(Counter counter, double scale = 1)
{
    private readonly Dictionary<(string First, string Second), (int Generation, ulong Total)> _last = [];

    /// <summary>Adds what the total grew by.</summary>
    /// <param name="first">First label value.</param>
    /// <param name="second">Second label value; empty when the counter has one label.</param>
    /// <param name="generation">Another number than last time says that the total began at 0 since.</param>
    /// <param name="total">The total now.</param>
    internal void Follow(string first, string second, int generation, ulong total)
    {
        (int Generation, ulong Total) last = _last.GetValueOrDefault((first, second));
        ulong from = last.Generation == generation && last.Total <= total ? last.Total : 0;
        _last[(first, second)] = (generation, total);
        if (second.Length == 0)
        {
            counter.Add((total - from) * scale, first);
        }
        else
        {
            counter.Add((total - from) * scale, first, second);
        }
    }
}
