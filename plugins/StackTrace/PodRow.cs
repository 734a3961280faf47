using System.Runtime.InteropServices;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;

namespace Pmoas.StackTrace;

/// <summary>The instruments of the pods' metrics, asked for once.</summary>
internal sealed class PodInstruments(ProbeContext context, StagePath path)
{
    internal StagePath Path { get; } = path;

    internal Histogram Interval { get; } = context.Histogram(StackTraceMetrics.Interval);

    internal Histogram Journey { get; } = context.Histogram(StackTraceMetrics.Journey);

    internal Histogram NetfilterHook { get; } = context.Histogram(StackTraceMetrics.NetfilterHook);

    internal Histogram NetfilterChain { get; } = context.Histogram(StackTraceMetrics.NetfilterChain);

    internal Histogram Route { get; } = context.Histogram(StackTraceMetrics.Route);

    internal Counter Unfinished { get; } = context.Counter(StackTraceMetrics.Unfinished);

    internal Counter Unfollowed { get; } = context.Counter(StackTraceMetrics.Unfollowed);

    internal Counter Retransmits { get; } = context.Counter(StackTraceMetrics.Retransmits);

    internal Counter Dropped { get; } = context.Counter(StackTraceMetrics.Dropped);

    internal DropReasons Reasons { get; } = new();
}

/// <summary>The series of one pod: each begins when the kernel has counted something for it.</summary>
internal sealed class PodRow(uint pod, OwnedSeries series, PodInstruments instruments)
{
    /// <summary>Intervals of map journeys and of map intervals: one pair of stages may be in both, and both add to its series.</summary>
    private readonly Dictionary<IntervalKey, OwnedHistogram> _usual = [], _others = [];
    private readonly Dictionary<NetfilterKey, OwnedHistogram> _netfilter = [];
    private readonly Dictionary<RouteKey, OwnedHistogram> _routes = [];
    private readonly Dictionary<CountKey, OwnedCounter> _counts = [];

    /// <summary>Number of the pod.</summary>
    internal uint Pod { get; } = pod;

    /// <summary>Adds one CPU's part to a histogram of map journeys.</summary>
    internal void GatherUsual(IntervalKey key, ReadOnlySpan<byte> part) => Gather(_usual, key, part, static (row, key) => row.Begin(key));

    /// <summary>Adds one CPU's part to a histogram of map intervals.</summary>
    internal void GatherOther(IntervalKey key, ReadOnlySpan<byte> part) => Gather(_others, key, part, static (row, key) => row.Begin(key));

    /// <summary>Adds one CPU's part to a histogram of map netfilter.</summary>
    internal void Gather(NetfilterKey key, ReadOnlySpan<byte> part) => Gather(_netfilter, key, part, static (row, key) => row.Begin(key));

    /// <summary>Adds one CPU's part to a histogram of map routes.</summary>
    internal void Gather(RouteKey key, ReadOnlySpan<byte> part) => Gather(_routes, key, part, static (row, key) => row.Begin(key));

    /// <summary>Brings all histograms up to date.</summary>
    internal void Follow()
    {
        Follow(_usual.Values);
        Follow(_others.Values);
        Follow(_netfilter.Values);
        Follow(_routes.Values);
    }

    /// <summary>Brings a count up to date.</summary>
    internal void Follow(CountKey key, ReadOnlySpan<byte> values, int stride)
    {
        if (!_counts.TryGetValue(key, out OwnedCounter? counter))
        {
            counter = Begin(key);
            _counts.Add(key, counter);
        }

        ulong total = 0;
        for (int cpu = 0; cpu < values.Length; cpu += stride)
        {
            total += MemoryMarshal.Read<ulong>(values[cpu..]);
        }

        counter.Follow(total);
    }

    private static void Follow(IEnumerable<OwnedHistogram> histograms)
    {
        foreach (OwnedHistogram histogram in histograms)
        {
            histogram.Follow();
        }
    }

    private void Gather<TKey>(Dictionary<TKey, OwnedHistogram> histograms, TKey key, ReadOnlySpan<byte> part, Func<PodRow, TKey, OwnedHistogram> begin)
        where TKey : notnull
    {
        if (!histograms.TryGetValue(key, out OwnedHistogram? histogram))
        {
            histogram = begin(this, key);
            histograms.Add(key, histogram);
        }

        histogram.Gather(part);
    }

    private OwnedHistogram Begin(IntervalKey key)
    {
        string leg = StackTraceMetrics.Legs[key.Leg];
        string direction = StackTraceMetrics.Directions[key.Direction];
        string phase = StackTraceMetrics.Phases[key.Phase];
        return key.To == Stages.None
            ? series.Histogram(StackTraceMetrics.Journey, instruments.Journey, leg, direction, phase)
            : series.Histogram(StackTraceMetrics.Interval, instruments.Interval, leg, direction, phase, instruments.Path.NameOf(key.From), instruments.Path.NameOf(key.To));
    }

    private OwnedHistogram Begin(NetfilterKey key)
    {
        (string family, string hook) = (NetfilterNames.OfFamily(key.Family), NetfilterNames.OfHook(key.Family, key.Hook));
        return key.Part == NetfilterPart.Hook
            ? series.Histogram(StackTraceMetrics.NetfilterHook, instruments.NetfilterHook, family, hook)
            : series.Histogram(StackTraceMetrics.NetfilterChain, instruments.NetfilterChain, family, hook, key.Table.ToString(), key.Chain.ToString());
    }

    private OwnedHistogram Begin(RouteKey key) =>
        series.Histogram(StackTraceMetrics.Route, instruments.Route, NetfilterNames.OfFamily(key.Family), key.TableName);

    private OwnedCounter Begin(CountKey key)
    {
        string leg = StackTraceMetrics.Legs[key.Leg];
        string direction = StackTraceMetrics.Directions[key.Direction];
        return key.Kind switch
        {
            CountKind.Unfinished => series.Counter(instruments.Unfinished, leg, direction, instruments.Path.NameOf(key.Which)),
            CountKind.Unfollowed => series.Counter(instruments.Unfollowed, leg, direction),
            CountKind.Retransmits => series.Counter(instruments.Retransmits, leg, direction),
            _ => series.Counter(instruments.Dropped, leg, instruments.Reasons.NameOf(key.Which)),
        };
    }
}
