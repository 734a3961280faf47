using Pmoas.Sdk.Metrics;
using Prometheus;
using Counter = Pmoas.Sdk.Metrics.Counter;
using Gauge = Pmoas.Sdk.Metrics.Gauge;
using Histogram = Pmoas.Sdk.Metrics.Histogram;

namespace Pmoas.Host.Exposition;

/// <summary>A definition's instrument in prometheus-net, and the ending of its series.</summary>
internal interface ISeries
{
    /// <summary>The definition it was registered with.</summary>
    MetricDef Def { get; }

    /// <summary>Ends the series whose label values the predicate accepts; a metric without labels has one series, with no values.</summary>
    void EndWhere(Predicate<string[]> ends);
}

/// <summary>A counter in prometheus-net.</summary>
internal sealed class PrometheusCounter(CounterDef def, IMetricFactory factory) : Counter, ISeries
{
    private readonly Prometheus.Counter _counter = factory.CreateCounter(def.Name, def.Help, PrometheusLabels.Names(def));

    public MetricDef Def => def;

    public override void Add(double amount, params ReadOnlySpan<string> labels)
    {
        if (labels.IsEmpty)
        {
            _counter.Inc(amount);
        }
        else
        {
            _counter.WithLabels(labels).Inc(amount);
        }
    }

    public override void Remove(params ReadOnlySpan<string> labels) => PrometheusLabels.Remove(_counter, _counter.Unpublish, labels);

    public void EndWhere(Predicate<string[]> ends) => PrometheusLabels.RemoveWhere(_counter, _counter.Unpublish, ends);
}

/// <summary>A gauge in prometheus-net.</summary>
internal sealed class PrometheusGauge(GaugeDef def, IMetricFactory factory) : Gauge, ISeries
{
    private readonly Prometheus.Gauge _gauge = factory.CreateGauge(def.Name, def.Help, PrometheusLabels.Names(def));

    public MetricDef Def => def;

    public override void Set(double value, params ReadOnlySpan<string> labels)
    {
        if (labels.IsEmpty)
        {
            _gauge.Set(value);
        }
        else
        {
            _gauge.WithLabels(labels).Set(value);
        }
    }

    public override void Remove(params ReadOnlySpan<string> labels) => PrometheusLabels.Remove(_gauge, _gauge.Unpublish, labels);

    public void EndWhere(Predicate<string[]> ends) => PrometheusLabels.RemoveWhere(_gauge, _gauge.Unpublish, ends);
}

/// <summary>A histogram in prometheus-net.</summary>
internal sealed class PrometheusHistogram(HistogramDef def, IMetricFactory factory) : Histogram, ISeries
{
    private readonly Prometheus.Histogram _histogram = factory.CreateHistogram(
        def.Name, def.Help, PrometheusLabels.Names(def), new HistogramConfiguration { Buckets = [.. def.Buckets] });

    public MetricDef Def => def;

    public override void Observe(double value, long count, params ReadOnlySpan<string> labels)
    {
        if (labels.IsEmpty)
        {
            _histogram.Observe(value, count);
        }
        else
        {
            _histogram.WithLabels(labels).Observe(value, count);
        }
    }

    public override void Remove(params ReadOnlySpan<string> labels) => PrometheusLabels.Remove(_histogram, _histogram.Unpublish, labels);

    public void EndWhere(Predicate<string[]> ends) => PrometheusLabels.RemoveWhere(_histogram, _histogram.Unpublish, ends);
}

/// <summary>What the three kinds share: names in, series out.</summary>
internal static class PrometheusLabels
{
    internal static string[] Names(MetricDef def) => [.. def.Labels.Select(label => label.Name)];

    internal static void Remove<TChild>(Collector<TChild> collector, Action unpublish, ReadOnlySpan<string> labels) where TChild : ChildBase
    {
        if (labels.IsEmpty)
        {
            // Its one series cannot be removed; it is hidden until its next value.
            unpublish();
        }
        else
        {
            collector.RemoveLabelled(labels.ToArray());
        }
    }

    internal static void RemoveWhere<TChild>(Collector<TChild> collector, Action unpublish, Predicate<string[]> ends) where TChild : ChildBase
    {
        if (collector.LabelNames.Length == 0)
        {
            if (ends([]))
            {
                unpublish();
            }

            return;
        }

        foreach (string[] labels in collector.GetAllLabelValues().Where(labels => ends(labels)).ToList())
        {
            collector.RemoveLabelled(labels);
        }
    }
}
