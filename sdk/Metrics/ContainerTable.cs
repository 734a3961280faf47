using System.Runtime.InteropServices;
using Pmoas.Sdk.Pods;

namespace Pmoas.Sdk.Metrics;

/// <summary>
/// Exports a kernel table keyed by container id: one row a container. Each scrape is <see cref="Begin"/>, <see cref="Read"/> for
/// every entry, <see cref="End"/>. Allocates nothing while the containers stay the same and each has been counted once. Not thread-safe.
/// </summary>
/// <param name="value">What is exported of an entry's value.</param>
/// <param name="index">The containers there are.</param>
/// <param name="forget">Deletes a key from the kernel table.</param>
/// <param name="time">Tells how long a key has been nobody's.</param>
internal sealed class ContainerTable(KernelValue value, IContainerIndex index, Action<uint> forget, TimeProvider time)
{
    /// <summary>The kernel tags by itself what user space comes to know a moment later, and not always in the order of the ids.</summary>
    private static readonly TimeSpan s_nobodysFor = TimeSpan.FromSeconds(10);

    private readonly Dictionary<uint, long> _nobodys = [];
    private readonly Dictionary<uint, Row> _rows = [];
    private readonly Dictionary<ContainerLabels, Sharers> _sharers = [];
    private readonly List<uint> _ended = [];
    private readonly string[] _labels = new string[Label.Container.Count + 1];
    private IReadOnlyCollection<Container>? _listed;
    private uint _highestSeen;

    /// <summary>Gives every container its series, before the first entry is read: a rate needs to have seen the 0.</summary>
    internal void Begin()
    {
        IReadOnlyCollection<Container> all = index.All;
        if (ReferenceEquals(all, _listed))
        {
            return;
        }

        foreach (Row row in _rows.Values)
        {
            row.Listed = false;
        }

        foreach (Container container in all)
        {
            RowOf(container).Listed = true;
        }

        _listed = all;
    }

    /// <summary>Exports what one entry gained.</summary>
    internal void Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        uint id = MemoryMarshal.Read<uint>(key);
        if (!_rows.TryGetValue(id, out Row? row))
        {
            if (!index.TryGet(id, out Container? container))
            {
                // An id above all we have seen belongs to a container that is tagged and about to be known: leave its counts alone.
                if (id <= _highestSeen && IsNobodys(id))
                {
                    _ended.Add(id);
                }

                return;
            }

            if (container.IsProvisional)
            {
                return; // its counts wait in the kernel until it has a name
            }

            // It came and went between two scrapes.
            row = RowOf(container);
        }

        row.Exported ??= value.NothingExported(); // many containers never have an entry
        row.Labels.CopyTo(_labels);
        value.Advance(values, stride, row.Exported, _labels, gauges: row.Sharers.Newest == id);
    }

    /// <summary>Ends the series of the containers that are gone, whose last numbers have just been read, and deletes their keys.</summary>
    internal void End()
    {
        foreach ((uint id, Row row) in _rows)
        {
            if (!row.Listed && !index.TryGet(id, out _))
            {
                _ended.Add(id);
            }
        }

        foreach (uint id in _ended)
        {
            if (_rows.Remove(id, out Row? row))
            {
                Leave(id, row);
            }

            forget(id);
            _nobodys.Remove(id);
        }

        _ended.Clear();
    }

    private bool IsNobodys(uint id)
    {
        if (_nobodys.TryGetValue(id, out long since))
        {
            return time.GetElapsedTime(since) >= s_nobodysFor;
        }

        _nobodys.Add(id, time.GetTimestamp());
        return false;
    }

    private Row RowOf(Container container)
    {
        var labels = ContainerLabels.Of(container);
        _highestSeen = Math.Max(_highestSeen, container.Id);
        if (!_rows.TryGetValue(container.Id, out Row? row))
        {
            row = new Row(labels, Join(container.Id, labels));
            _rows.Add(container.Id, row);
            _nobodys.Remove(container.Id);
        }
        else if (row.Labels != labels)
        {
            // A new role is a new series: what was counted under the old one stays there.
            Leave(container.Id, row);
            row.Labels = labels;
            row.Sharers = Join(container.Id, labels);
        }

        return row;
    }

    private Sharers Join(uint id, ContainerLabels labels)
    {
        if (!_sharers.TryGetValue(labels, out Sharers? sharers))
        {
            sharers = new Sharers();
            _sharers.Add(labels, sharers);
            labels.CopyTo(_labels);
            value.Begin(_labels);
        }

        sharers.Ids.Add(id);
        return sharers;
    }

    private void Leave(uint id, Row row)
    {
        row.Sharers.Ids.Remove(id);
        if (row.Sharers.Ids.Count == 0)
        {
            _sharers.Remove(row.Labels);
            row.Labels.CopyTo(_labels);
            value.End(_labels);
        }
    }

    private sealed class Row(ContainerLabels labels, Sharers sharers)
    {
        /// <summary>What has been exported so far; null until the kernel has an entry.</summary>
        internal ulong[]? Exported { get; set; }

        internal ContainerLabels Labels { get; set; } = labels;

        internal Sharers Sharers { get; set; } = sharers;

        /// <summary>True while it runs.</summary>
        internal bool Listed { get; set; }
    }

    /// <summary>The containers with the same labels: a restarted container and the one it replaced. They add to the same counters.</summary>
    private sealed class Sharers
    {
        internal SortedSet<uint> Ids { get; } = [];

        /// <summary>Ids grow: the newest is the one that runs, and its gauges are the true ones.</summary>
        internal uint Newest => Ids.Max;
    }
}
