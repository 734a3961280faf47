using System.Runtime.InteropServices;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.StackTrace;

/// <summary>Carries what the kernel counted by pod to the metrics, at every scrape. One thread at a time.</summary>
internal sealed class PodBooks
{
    /// <summary>How many scrapes a pod that ended is remembered: its last connections may close a little later and count once more.</summary>
    private const int RememberedScrapes = 100;

    private const int HistogramBytes = Buckets.KernelSlots * 2 * sizeof(ulong);

    private readonly BpfMap _journeyMap, _sampleMap, _intervalMap, _countMap, _netfilterMap, _routeMap;
    private readonly MapReader _journeys, _intervals, _counts, _netfilter, _routes;
    private readonly MapEntryHandler _onJourneys, _onInterval, _onCount, _onNetfilter, _onRoute;
    private readonly TakePart<JourneyKey> _takeJourneys;
    private readonly int _stages;
    private readonly PodInstruments _instruments;
    private readonly ContainerSeries<PodRow> _pods;
    private readonly Dictionary<uint, PodRow> _rows = [];
    private readonly Dictionary<uint, int> _ended = [];
    private readonly List<JourneyKey> _oldJourneys = [];
    private readonly List<IntervalKey> _oldIntervals = [];
    private readonly List<CountKey> _oldCounts = [];
    private readonly List<NetfilterKey> _oldNetfilter = [];
    private readonly List<RouteKey> _oldRoutes = [];

    internal PodBooks(ProbeContext context, StagePath path)
    {
        (_stages, _takeJourneys) = (path.Length, Gather);
        (_journeyMap, _sampleMap, _intervalMap, _countMap) = (context.Bpf.Map("journeys"), context.Bpf.Map("samples"), context.Bpf.Map("intervals"), context.Bpf.Map("counts"));
        (_netfilterMap, _routeMap) = (context.Bpf.Map("netfilter"), context.Bpf.Map("routes"));
        (_journeys, _intervals, _counts) = (new MapReader(_journeyMap), new MapReader(_intervalMap), new MapReader(_countMap));
        (_netfilter, _routes) = (new MapReader(_netfilterMap), new MapReader(_routeMap));
        (_onJourneys, _onInterval, _onCount, _onNetfilter, _onRoute) = (OnJourneys, OnInterval, OnCount, OnNetfilter, OnRoute);
        _instruments = new PodInstruments(context, path);
        _pods = ContainerSeries.ByPod<PodRow>(context.Containers, Begin, End, withEnded: true);
    }

    /// <summary>Brings the metrics up to date.</summary>
    internal void Collect()
    {
        _pods.Update();
        _journeys.Read(_onJourneys);
        _intervals.Read(_onInterval);
        _netfilter.Read(_onNetfilter);
        _routes.Read(_onRoute);
        foreach (PodRow row in _rows.Values)
        {
            row.Follow();
        }

        _counts.Read(_onCount);
        Forget();
    }

    private PodRow Begin(Container container, OwnedSeries series)
    {
        PodRow row = new(container.PodId, series, _instruments);
        _rows[container.PodId] = row;
        _ended.Remove(container.PodId);
        return row;
    }

    /// <summary>The row stays until its last numbers have been read.</summary>
    private void End(PodRow row) => _ended[row.Pod] = RememberedScrapes;

    /// <summary>Each CPU has noted for itself where an interval begins that ends at a stage.</summary>
    private void OnJourneys(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        JourneyKey of = MemoryMarshal.Read<JourneyKey>(key);
        Gather(of.Pod, of, values, stride, _takeJourneys, _oldJourneys);
    }

    private void Gather(PodRow row, JourneyKey of, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<uint> froms = MemoryMarshal.Cast<byte, uint>(value[((StagePath.MaxStages + 1) * HistogramBytes)..]);
        for (int to = 0; to < _stages; to++)
        {
            if (froms[to] != 0)
            {
                row.GatherUsual(of.Interval((byte)(froms[to] - 1), (byte)to), value.Slice(to * HistogramBytes, HistogramBytes));
            }
        }

        row.GatherUsual(of.Interval(Stages.None, Stages.None), value.Slice(StagePath.MaxStages * HistogramBytes, HistogramBytes));
    }

    private void OnInterval(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        IntervalKey of = MemoryMarshal.Read<IntervalKey>(key);
        Gather(of.Pod, of, values, stride, static (row, of, part) => row.GatherOther(of, part), _oldIntervals);
    }

    private void OnNetfilter(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        NetfilterKey of = MemoryMarshal.Read<NetfilterKey>(key);
        Gather(of.Pod, of, values, stride, static (row, of, part) => row.Gather(of, part), _oldNetfilter);
    }

    private void OnRoute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        RouteKey of = MemoryMarshal.Read<RouteKey>(key);
        Gather(of.Pod, of, values, stride, static (row, of, part) => row.Gather(of, part), _oldRoutes);
    }

    /// <summary>Hands each CPU's part of a histogram to the row of its pod.</summary>
    private void Gather<TKey>(uint pod, TKey key, ReadOnlySpan<byte> values, int stride, TakePart<TKey> take, List<TKey> old)
    {
        if (_rows.TryGetValue(pod, out PodRow? row))
        {
            for (int cpu = 0; cpu < values.Length; cpu += stride)
            {
                take(row, key, values.Slice(cpu, stride));
            }
        }

        if (_ended.ContainsKey(pod))
        {
            old.Add(key);
        }
    }

    private void OnCount(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        CountKey of = MemoryMarshal.Read<CountKey>(key);
        if (_rows.TryGetValue(of.Pod, out PodRow? row))
        {
            row.Follow(of, values, stride);
        }

        if (_ended.ContainsKey(of.Pod))
        {
            _oldCounts.Add(of);
        }
    }

    private void Forget()
    {
        if (_ended.Count == 0)
        {
            return;
        }

        _oldJourneys.ForEach(key => _journeyMap.Remove(key));
        _oldJourneys.ForEach(key => _sampleMap.Remove(key));
        _oldIntervals.ForEach(key => _intervalMap.Remove(key));
        _oldCounts.ForEach(key => _countMap.Remove(key));
        _oldNetfilter.ForEach(key => _netfilterMap.Remove(key));
        _oldRoutes.ForEach(key => _routeMap.Remove(key));
        _oldJourneys.Clear();
        _oldIntervals.Clear();
        _oldCounts.Clear();
        _oldNetfilter.Clear();
        _oldRoutes.Clear();
        foreach (uint pod in _ended.Keys.ToArray())
        {
            _sampleMap.Remove(JourneyKey.Exchange(pod));
            _rows.Remove(pod);
            if (--_ended[pod] == 0)
            {
                _ended.Remove(pod);
            }
        }
    }

    private delegate void TakePart<in TKey>(PodRow row, TKey key, ReadOnlySpan<byte> part);
}
