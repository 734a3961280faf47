using System.Diagnostics.CodeAnalysis;
using Pmoas.Sdk.Pods;

namespace Pmoas.Sdk.Metrics;

/// <summary>Makes tables of series that a probe sets itself, one row a container or a pod.</summary>
public static class ContainerSeries
{
    /// <summary>A row for each container; its metrics' labels start with <see cref="Label.Container"/>.</summary>
    /// <param name="index">The containers there are.</param>
    /// <param name="begin">Called when a container appears: makes what the probe keeps of it.</param>
    /// <param name="end">Called when it runs no more: releases that. Its series stay, at their last values, until the container is forgotten.</param>
    public static ContainerSeries<T> ByContainer<T>(IContainerIndex index, Func<Container, OwnedSeries, T> begin, Action<T> end) where T : class =>
        new(index, container => container.Id, LabelsOf, begin, end, withEnded: false);

    /// <summary>A row for each pod; its metrics' labels start with <c>namespace</c> and <c>pod</c>.</summary>
    /// <param name="index">The containers there are.</param>
    /// <param name="begin">Called with a pod's first container: makes what the probe keeps of the pod.</param>
    /// <param name="end">Called when none of its containers runs any more: releases that.</param>
    /// <param name="withEnded">
    /// True: a pod that came and went between two scrapes begins and ends in the next, for what the kernel counted of it. False: such a pod has
    /// no row, for what can be read only while it runs.
    /// </param>
    public static ContainerSeries<T> ByPod<T>(IContainerIndex index, Func<Container, OwnedSeries, T> begin, Action<T> end, bool withEnded = false) where T : class =>
        new(index, container => container.PodId, container => [container.Namespace, container.Pod], begin, end, withEnded);

    private static string[] LabelsOf(Container container)
    {
        string[] labels = new string[Label.Container.Count];
        ContainerLabels.Of(container).CopyTo(labels);
        return labels;
    }
}

/// <summary>
/// Series that a probe sets itself, which begin and end with containers. A container that replaces another under the same name goes on with
/// its series. Allocates nothing while the containers stay the same. Not thread-safe: use it in <see cref="ProbeContext.OnCollect"/>.
/// </summary>
/// <typeparam name="T">What the probe keeps of one row.</typeparam>
[SuppressMessage("Design", "CA1001", Justification = "It owns nothing; End ends the rows.")]
public sealed class ContainerSeries<T> where T : class
{
    private readonly IContainerIndex _index;
    private readonly Func<Container, uint> _ownerOf;
    private readonly Func<Container, string[]> _labelsOf;
    private readonly Func<Container, OwnedSeries, T> _begin;
    private readonly Action<T> _end;
    private readonly bool _withEnded;
    private readonly SeriesOwners _owners = new();
    private readonly Dictionary<uint, Row> _rows = [];
    private readonly List<T> _running = [];
    private IReadOnlyCollection<Container>? _listed, _ended;
    private int _lingering;

    internal ContainerSeries(
        IContainerIndex index, Func<Container, uint> ownerOf, Func<Container, string[]> labelsOf, Func<Container, OwnedSeries, T> begin, Action<T> end,
        bool withEnded) =>
        (_index, _ownerOf, _labelsOf, _begin, _end, _withEnded) = (index, ownerOf, labelsOf, begin, end, withEnded);

    /// <summary>The rows whose containers run, in the order of their appearance.</summary>
    public IReadOnlyList<T> Running => _running;

    /// <summary>The row of a container that runs, or of its pod.</summary>
    public bool TryGet(Container container, [NotNullWhen(true)] out T? row)
    {
        ArgumentNullException.ThrowIfNull(container);
        row = _rows.TryGetValue(_ownerOf(container), out Row? found) ? found.State : null;
        return row is not null;
    }

    /// <summary>Begins and ends rows; to be called first at every scrape.</summary>
    /// <returns>True when a container came, went or changed since the last time.</returns>
    public bool Update()
    {
        // In this order: what ends between the two is missing in neither.
        IReadOnlyCollection<Container> all = _index.All, ended = _withEnded ? _index.Ended : [];
        bool changed = !ReferenceEquals(all, _listed);
        if (changed || !ReferenceEquals(ended, _ended))
        {
            List(all, ended);
            (_listed, _ended) = (all, ended);
        }

        if (_lingering > 0)
        {
            Forget();
        }

        return changed;
    }

    /// <summary>Ends all rows; the series stay as they are.</summary>
    public void End()
    {
        foreach (Row row in _rows.Values)
        {
            Release(row);
        }

        _rows.Clear();
        _running.Clear();
        (_listed, _ended, _lingering) = (null, null, 0);
    }

    private void List(IReadOnlyCollection<Container> all, IReadOnlyCollection<Container> ended)
    {
        foreach (Row row in _rows.Values)
        {
            row.Listed = false;
        }

        foreach (Container container in all)
        {
            uint owner = _ownerOf(container);
            string[] labels = _labelsOf(container);
            if (!_rows.TryGetValue(owner, out Row? row))
            {
                row = new Row(_owners.Join(owner, labels));
                _rows.Add(owner, row);
            }
            else if (!row.Series.Labels.AsSpan().SequenceEqual(labels))
            {
                _owners.Move(row.Series, labels); // a new role
            }

            row.Listed = true;
            row.Containers.Add(container.Id);
            row.State ??= _begin(container, row.Series);
        }

        foreach (Container container in ended)
        {
            uint owner = _ownerOf(container);
            if (!_rows.TryGetValue(owner, out Row? row))
            {
                row = new Row(_owners.Join(owner, _labelsOf(container)));
                _rows.Add(owner, row);
                row.Containers.Add(container.Id);
                row.State = _begin(container, row.Series); // ends below: nothing of it runs
            }
        }

        _running.Clear();
        _lingering = 0;
        foreach (Row row in _rows.Values)
        {
            if (row.Listed)
            {
                _running.Add(row.State!);
            }
            else
            {
                Release(row);
                _lingering++;
            }
        }
    }

    private void Forget()
    {
        foreach ((uint owner, Row row) in _rows)
        {
            if (!row.Listed && !IsKnown(row))
            {
                _owners.Leave(row.Series);
                _rows.Remove(owner); // Dictionary allows it while it is walked
                _lingering--;
            }
        }
    }

    private bool IsKnown(Row row)
    {
        foreach (uint id in row.Containers)
        {
            if (_index.TryGet(id, out _))
            {
                return true;
            }
        }

        return false;
    }

    private void Release(Row row)
    {
        if (row.State is { } state)
        {
            row.State = null;
            _end(state);
        }
    }

    private sealed class Row(OwnedSeries series)
    {
        internal OwnedSeries Series { get; } = series;

        /// <summary>Null when nothing of it runs.</summary>
        internal T? State { get; set; }

        /// <summary>True while it, or one of its containers, runs.</summary>
        internal bool Listed { get; set; }

        internal HashSet<uint> Containers { get; } = [];
    }
}
