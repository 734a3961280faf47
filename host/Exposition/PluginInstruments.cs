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

    /// <summary>Ends the series of containers that went while the plugin was down; to be called before it runs again.</summary>
    internal void EndContainersNotIn(IContainerIndex index)
    {
        HashSet<ContainerLabels> here = [.. index.All.Select(ContainerLabels.Of)];
        foreach (ISeries series in _byName.Values)
        {
            if (series.Def.Labels.Take(Label.Container.Count).SequenceEqual(Label.Container, LabelNames.Instance))
            {
                series.EndWhere(labels => !here.Contains(new ContainerLabels(labels[0], labels[1], labels[2], labels[3])));
            }
        }
    }

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
