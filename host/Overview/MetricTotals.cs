using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.Host.Overview;

/// <summary>Totals of one container or leg, by metric.</summary>
internal sealed class MetricTotals
{
    private readonly Dictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HistogramTotals> _histograms = new(StringComparer.Ordinal);

    /// <summary>Adds a sample; those that differ in other labels are summed.</summary>
    internal void Add(OverviewMetric metric, Sample sample)
    {
        if (metric.IsHistogram)
        {
            if (!_histograms.TryGetValue(metric.Name, out HistogramTotals? histogram))
            {
                _histograms.Add(metric.Name, histogram = new HistogramTotals());
            }

            histogram.Add(sample);
        }
        else if (metric.Label is null || sample.Labels[metric.Label] == metric.Value)
        {
            _values[metric.Name] = _values.GetValueOrDefault(metric.Name) + sample.Value;
        }
    }

    /// <summary>Value of a metric; null when there is none.</summary>
    internal double? Value(string name) => _values.TryGetValue(name, out double value) ? value : null;

    /// <summary>A histogram; null when there is none.</summary>
    internal HistogramTotals? Histogram(string name) => _histograms.GetValueOrDefault(name);
}

/// <summary>A histogram's cumulative buckets.</summary>
internal sealed class HistogramTotals
{
    private readonly SortedList<double, double> _buckets = [];

    private double Count { get; set; }

    private double Sum { get; set; }

    /// <summary>Adds a sample named _bucket, _sum or _count.</summary>
    internal void Add(Sample sample)
    {
        if (sample.Labels.TryGetValue("le", out string? bound))
        {
            double le = bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture);
            _buckets[le] = _buckets.GetValueOrDefault(le) + sample.Value;
        }
        else if (sample.Name.EndsWith("_sum", StringComparison.Ordinal))
        {
            Sum += sample.Value;
        }
        else
        {
            Count += sample.Value;
        }
    }

    /// <summary>What was observed since earlier totals; all of it when they are missing or higher, as after a restart of the daemon.</summary>
    internal ScrapedHistogram Since(HistogramTotals? before)
    {
        HistogramTotals none = new();
        HistogramTotals from = before is null || before.Count > Count ? none : before;
        return new ScrapedHistogram(
            Count - from.Count, Sum - from.Sum, [.. _buckets.Select(bucket => (bucket.Key, bucket.Value - from._buckets.GetValueOrDefault(bucket.Key)))]);
    }
}
