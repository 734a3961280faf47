using Pmoas.ResourceUsage.Cgroups;
using Pmoas.ResourceUsage.Network;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.ResourceUsage;

/// <summary>What is told of one pod: its network, and the sidecars' share of it. Not thread-safe.</summary>
internal sealed class PodUsage(uint id, KeptFiles files, NetworkClaims claims, OwnedSeries series, UsageInstruments to) : IDisposable
{
    private readonly PodNetwork _network = new(files, claims, series, to);
    private readonly List<Member> _members = [];
    private readonly Dictionary<uint, double> _carried = [];
    private OwnedGauge? _cpu, _memory;
    private long _due;
    private bool _networkIsDue, _everything;

    /// <summary>Begins to name its containers anew: they have changed.</summary>
    internal void Forget()
    {
        _carried.Clear();
        _members.ForEach(member => _carried[member.Usage.Container.Id] = member.LastSeconds);
        _members.Clear();
    }

    /// <summary>One of its containers, with the role it has now.</summary>
    internal void Add(ContainerUsage usage, Role role) => _members.Add(new Member(usage, role == Role.Sidecar)
    {
        LastSeconds = _carried.TryGetValue(usage.Container.Id, out double seconds) ? seconds : -1,
    });

    /// <summary>Tells the sidecars' share and finds the pod's network; after its containers have been read.</summary>
    /// <param name="now">Milliseconds on any clock that only goes forward.</param>
    /// <param name="refresh">Milliseconds after which everything is read.</param>
    internal void Begin(long now, long refresh)
    {
        _everything = now >= _due;
        if (_everything)
        {
            _due = now + refresh - (_due == 0 ? refresh * (id % 8) / 8 : 0);
        }

        _networkIsDue = Share() || _everything;
        if (_networkIsDue)
        {
            _network.Locate(AnyProcess(), _everything);
        }
    }

    /// <summary>Reads its network, if that is due; after all pods have begun.</summary>
    internal void Collect()
    {
        if (_networkIsDue)
        {
            _network.Collect(AnyProcess(), _everything);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _network.Dispose();

    /// <returns>True when any of its containers ran.</returns>
    private bool Share()
    {
        double all = 0, sidecars = 0;
        ulong allBytes = 0, sidecarBytes = 0;
        bool hasSidecar = false, known = true;
        foreach (Member member in _members)
        {
            double now = member.Usage.CpuSeconds;
            double ran = member.LastSeconds < 0 ? 0 : Math.Max(0, now - member.LastSeconds);
            ulong bytes = member.Usage.WorkingSet ?? 0;
            known &= member.Usage.WorkingSet is not null;
            member.LastSeconds = now;
            all += ran;
            allBytes += bytes;
            if (member.IsSidecar)
            {
                hasSidecar = true;
                sidecars += ran;
                sidecarBytes += bytes;
            }
        }

        Show(ref _cpu, to.SidecarCpu, hasSidecar && all > 0 ? sidecars / all : null);
        Show(ref _memory, to.SidecarMemory, hasSidecar && known && allBytes > 0 ? (double)sidecarBytes / allBytes : null);
        return all > 0;
    }

    private int AnyProcess()
    {
        foreach (Member member in _members)
        {
            if (member.Usage.AnyProcess != 0)
            {
                return member.Usage.AnyProcess;
            }
        }

        return 0;
    }

    private void Show(ref OwnedGauge? gauge, Gauge instrument, double? value)
    {
        if (value is { } known)
        {
            (gauge ??= series.Gauge(instrument)).Set(known);
        }
        else
        {
            gauge?.Clear();
        }
    }

    private sealed record Member(ContainerUsage Usage, bool IsSidecar)
    {
        /// <summary>CPU time at the scrape before; negative before the first.</summary>
        internal double LastSeconds { get; set; }
    }
}
