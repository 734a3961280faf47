namespace Pmoas.Sdk.Metrics;

/// <summary>Who owns which series: owners with the same labels share them, and the last to leave ends them. Not thread-safe.</summary>
internal sealed class SeriesOwners
{
    private readonly Dictionary<string, SeriesGroup> _groups = new(StringComparer.Ordinal);

    /// <summary>A new owner under these labels.</summary>
    internal OwnedSeries Join(uint owner, string[] labels)
    {
        SeriesGroup group = GroupOf(labels);
        group.Owners.Add(owner);
        return new OwnedSeries(owner, labels, group);
    }

    /// <summary>The owner goes on under other labels.</summary>
    internal void Move(OwnedSeries series, string[] labels)
    {
        series.CopyLabels();
        Leave(series);
        SeriesGroup group = GroupOf(labels);
        group.Owners.Add(series.Owner);
        series.MoveTo(labels, group);
    }

    /// <summary>The owner is gone.</summary>
    internal void Leave(OwnedSeries series)
    {
        series.Group.Owners.Remove(series.Owner);
        if (series.Group.Owners.Count == 0)
        {
            series.Group.EndAll();
            _groups.Remove(Key(series.Labels));
        }
    }

    private SeriesGroup GroupOf(string[] labels)
    {
        string key = Key(labels);
        if (!_groups.TryGetValue(key, out SeriesGroup? group))
        {
            _groups[key] = group = new SeriesGroup();
        }

        return group;
    }

    // No label of a container or pod has a line break.
    private static string Key(string[] labels) => string.Join('\n', labels);
}

/// <summary>The owners that share labels, and the series there are under them.</summary>
internal sealed class SeriesGroup
{
    private readonly Dictionary<(object Instrument, string Labels), string[]> _series = [];

    internal SortedSet<uint> Owners { get; } = [];

    /// <summary>True when the last owner has left: what is counted later has no series any more, for nobody would end that.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Numbers grow: the newest is the one that runs.</summary>
    internal uint Newest => Owners.Max;

    /// <summary>Notes a series; false when it is there already.</summary>
    internal bool Begin(object instrument, string[] labels) => _series.TryAdd((instrument, string.Join('\n', labels)), labels);

    internal void EndAll()
    {
        foreach (((object instrument, _), string[] labels) in _series)
        {
            switch (instrument)
            {
                case Counter counter:
                    counter.Remove(labels);
                    break;
                case Gauge gauge:
                    gauge.Remove(labels);
                    break;
                case Histogram histogram:
                    histogram.Remove(labels);
                    break;
                default:
                    break;
            }
        }

        _series.Clear();
        IsOver = true;
    }
}
