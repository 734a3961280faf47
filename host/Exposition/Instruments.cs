using System.Globalization;
using Pmoas.Sdk.Metrics;
using Prometheus;

namespace Pmoas.Host.Exposition;

/// <summary>Every metric of the daemon: its own, its plugins', and <c>process_*</c>. Thread-safe.</summary>
internal sealed class Instruments
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Owner, ISeries Series)> _byName = new(StringComparer.Ordinal);
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;

    internal Instruments()
    {
        _factory = Metrics.WithCustomRegistry(_registry);

        // A scrape is an HTTP request with an activity of its own, whose id prometheus-net would put beside each value.
        _factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        DotNetStats.Register(_registry);
    }

    /// <summary>
    /// The instruments of an owner's definitions. An owner that registers again, as a restarted plugin does, gets the ones it had, and its
    /// counters go on from where they were.
    /// </summary>
    /// <param name="owner">Name of the plugin; <c>pmoas</c> for the daemon itself.</param>
    /// <param name="defs">All its definitions.</param>
    /// <exception cref="MetricDefinitionException">A name is another owner's, is given twice, or was registered with another shape.</exception>
    internal PluginInstruments Register(string owner, IReadOnlyList<MetricDef> defs)
    {
        lock (_gate)
        {
            List<string> mistakes =
            [
                .. defs.CountBy(def => def.Name).Where(name => name.Value > 1).Select(name => $"{name.Key} is declared {name.Value} times"),
                .. defs.Select(def => Conflict(owner, def)).OfType<string>(),
            ];
            if (mistakes.Count > 0)
            {
                throw new MetricDefinitionException($"metrics of {owner}", mistakes);
            }

            foreach (MetricDef def in defs)
            {
                _byName.TryAdd(def.Name, (owner, Make(def)));
            }

            return new PluginInstruments(owner, [.. defs.Select(def => _byName[def.Name].Series)]);
        }
    }

    /// <summary>Writes all series: the Prometheus text format, or OpenMetrics.</summary>
    internal Task WriteAsync(Stream to, bool openMetrics, CancellationToken stop) => _registry.CollectAndExportAsTextAsync(
        to, openMetrics ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText, stop);

    private ISeries Make(MetricDef def)
    {
        // Made once: a name that is known keeps its instrument.
        if (_byName.TryGetValue(def.Name, out (string Owner, ISeries Series) known))
        {
            return known.Series;
        }

        return def switch
        {
            CounterDef counter => new PrometheusCounter(counter, _factory),
            GaugeDef gauge => new PrometheusGauge(gauge, _factory),
            HistogramDef histogram => new PrometheusHistogram(histogram, _factory),
            _ => throw new ArgumentException($"{def.Name}: unknown kind of metric {def.GetType().Name}", nameof(def)),
        };
    }

    private string? Conflict(string owner, MetricDef def)
    {
        if (!_byName.TryGetValue(def.Name, out (string Owner, ISeries Series) known))
        {
            return null;
        }

        if (known.Owner != owner)
        {
            return $"{def.Name} is already a metric of {known.Owner}; rename it";
        }

        return Shape(known.Series.Def) == Shape(def)
            ? null
            : $"{def.Name} was {Shape(known.Series.Def)} and is now {Shape(def)}; restart the daemon";
    }

    private static string Shape(MetricDef def)
    {
        string kind = def is CounterDef ? "a counter" : def is GaugeDef ? "a gauge" : "a histogram";
        string buckets = def is HistogramDef histogram
            ? $" with bounds {string.Join(' ', histogram.Buckets.Select(bound => bound.ToString("R", CultureInfo.InvariantCulture)))}"
            : "";
        return $"{kind} by ({string.Join(", ", def.Labels.Select(label => label.Name))}){buckets}";
    }
}
