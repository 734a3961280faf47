using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Exposition;

/// <summary>The registered metrics of one owner. Thread-safe.</summary>
internal sealed class PluginInstruments : IInstruments
{
    private readonly string _owner;
    private readonly Dictionary<string, ISeries> _byName;

    internal PluginInstruments(string owner, IReadOnlyList<ISeries> series)
    {
        _owner = owner;
        _byName = series.ToDictionary(one => one.Def.Name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public Counter Counter(CounterDef def) => (Counter)Find(def);

    /// <inheritdoc/>
    public Gauge Gauge(GaugeDef def) => (Gauge)Find(def);

    /// <inheritdoc/>
    public Histogram Histogram(HistogramDef def) => (Histogram)Find(def);

    /// <summary>Ends every series: the plugin was stopped for good. Its next value begins them again.</summary>
    internal void EndAll()
    {
        foreach (ISeries series in _byName.Values)
        {
            series.EndWhere(_ => true);
        }
    }

    /// <summary>Ends the series of containers and pods that went while the plugin was down; to be called before it runs again.</summary>
    internal void EndContainersNotIn(IContainerIndex index)
    {
        HashSet<ContainerLabels> here = [.. index.All.Select(ContainerLabels.Of)];
        HashSet<(string, string)> pods = [.. here.Select(container => (container.Namespace, container.Pod))];
        foreach (ISeries series in _byName.Values)
        {
            if (StartsWith(series.Def, Label.Container.Count))
            {
                series.EndWhere(labels => !here.Contains(new ContainerLabels(labels[0], labels[1], labels[2], labels[3])));
            }
            else if (StartsWith(series.Def, 2))
            {
                series.EndWhere(labels => !pods.Contains((labels[0], labels[1])));
            }
        }
    }

    /// <summary>True when the metric carries the first <paramref name="count"/> container labels: all four, or the pod's two.</summary>
    private static bool StartsWith(MetricDef def, int count) =>
        def.Labels.Take(count).SequenceEqual(Label.Container.Take(count), LabelNames.Instance);

    private ISeries Find(MetricDef def) =>
        _byName.TryGetValue(def.Name, out ISeries? series) && series.Def.GetType() == def.GetType()
            ? series
            : throw new MetricDefinitionException($"metrics of {_owner}", [$"{def.Name} is not in the manifest; add it to Metrics"]);

    private sealed class LabelNames : IEqualityComparer<Label>
    {
        internal static readonly LabelNames Instance = new();

        public bool Equals(Label? x, Label? y) => x?.Name == y?.Name;

        public int GetHashCode(Label label) => label.Name.GetHashCode(StringComparison.Ordinal);
    }
}
