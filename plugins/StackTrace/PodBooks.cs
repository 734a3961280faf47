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

    private readonly BpfMap _intervalMap, _countMap;
    private readonly MapReader _intervals, _counts;
    private readonly MapEntryHandler _onInterval, _onCount;
    private readonly PodInstruments _instruments;
    private readonly ContainerSeries<PodRow> _pods;
    private readonly Dictionary<uint, PodRow> _rows = [];
    private readonly Dictionary<uint, int> _ended = [];
    private readonly List<IntervalKey> _oldIntervals = [];
    private readonly List<CountKey> _oldCounts = [];

    internal PodBooks(ProbeContext context)
    {
        (_intervalMap, _countMap) = (context.Bpf.Map("intervals"), context.Bpf.Map("counts"));
        (_intervals, _counts) = (new MapReader(_intervalMap), new MapReader(_countMap));
        (_onInterval, _onCount) = (OnInterval, OnCount);
        _instruments = new PodInstruments(context);
        _pods = ContainerSeries.ByPod<PodRow>(context.Containers, Begin, End);
    }

    /// <summary>Brings the metrics up to date.</summary>
    internal void Collect()
    {
        _pods.Update();
        _intervals.Read(_onInterval);
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

    private void OnInterval(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        IntervalKey of = MemoryMarshal.Read<IntervalKey>(key);
        if (_rows.TryGetValue(of.Pod, out PodRow? row))
        {
            row.Follow(of, values, stride);
        }

        if (_ended.ContainsKey(of.Pod))
        {
            _oldIntervals.Add(of);
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

        _oldIntervals.ForEach(key => _intervalMap.Remove(key));
        _oldCounts.ForEach(key => _countMap.Remove(key));
        _oldIntervals.Clear();
        _oldCounts.Clear();
        foreach (uint pod in _ended.Keys.ToArray())
        {
            _rows.Remove(pod);
            if (--_ended[pod] == 0)
            {
                _ended.Remove(pod);
            }
        }
    }
}
