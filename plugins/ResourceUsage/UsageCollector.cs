using Pmoas.ResourceUsage.Cgroups;
using Pmoas.ResourceUsage.Network;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.ResourceUsage;

/// <summary>
/// Reads, before every scrape, the usage of all containers and pods. Allocates nothing while they stay the same. Not thread-safe.
/// </summary>
internal sealed class UsageCollector : IDisposable
{
    private readonly KeptFiles _files;
    private readonly UsageInstruments _to;
    private readonly IContainerIndex _index;
    private readonly TimeProvider _time;
    private readonly long _refresh;
    private readonly int _mostInspected;
    private readonly ContainerSeries<ContainerUsage> _containers;
    private readonly ContainerSeries<PodUsage> _pods;
    private long _reopened;

    /// <summary>Opens nothing yet.</summary>
    internal UsageCollector(
        CgroupPlaces places, ResourceUsageOptions options, IContainerIndex index, UsageInstruments to, TimeProvider time, BlockDevices devices)
    {
        (_to, _index, _time) = (to, index, time);
        _refresh = (long)options.Refresh.TotalMilliseconds;
        _mostInspected = (int)options.MaxInspectedProcesses;
        _files = new KeptFiles((int)Math.Min(options.MaxKeptFiles, KeptFiles.DescriptorLimit() / 2));
        _containers = ContainerSeries.ByContainer(
            index, (container, series) => new ContainerUsage(container, places, _files, devices, series, to), usage => usage.Dispose());
        NetworkClaims claims = new();
        _pods = ContainerSeries.ByPod(index, (container, series) => new PodUsage(container.PodId, _files, claims, series, to), pod => pod.Dispose());
    }

    /// <summary>Descriptors kept now.</summary>
    internal int Kept => _files.Kept;

    /// <summary>Reads everything that is due.</summary>
    internal void Collect()
    {
        bool changed = _containers.Update();
        _pods.Update();
        if (changed)
        {
            Assign();
        }

        long now = _time.GetTimestamp() / (_time.TimestampFrequency / 1000) + 1;
        int budget = _mostInspected;
        for (int i = 0; i < _containers.Running.Count; i++)
        {
            _containers.Running[i].Collect(now, _refresh, ref budget);
        }

        for (int i = 0; i < _pods.Running.Count; i++)
        {
            _pods.Running[i].Begin(now, _refresh);
        }

        // Only now is it known which pods share a network.
        for (int i = 0; i < _pods.Running.Count; i++)
        {
            _pods.Running[i].Collect();
        }

        _to.KeptFiles.Set(_files.Kept);
        _to.ReopenedFiles.Add(_files.Reopened - _reopened);
        _reopened = _files.Reopened;
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        _containers.End();
        _pods.End();
    }

    private void Assign()
    {
        for (int i = 0; i < _pods.Running.Count; i++)
        {
            _pods.Running[i].Forget();
        }

        foreach (Container container in _index.All)
        {
            // All may have changed since the update; the next scrape sees that too.
            if (_containers.TryGet(container, out ContainerUsage? usage) && _pods.TryGet(container, out PodUsage? pod))
            {
                usage.Told(container);
                pod.Add(usage, container.Role);
            }
        }
    }
}
