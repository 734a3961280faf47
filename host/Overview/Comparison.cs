using Pmoas.Host.Demo;

namespace Pmoas.Host.Overview;

/// <summary>Two scrapes of one daemon, made into what happened between them.</summary>
internal sealed class Comparison
{
    private const string Sidecar = "sidecar";
    private static readonly string[] Roles = [Sidecar, "service", "init", "ephemeral"];
    private static readonly string[] Directions = ["request", "response"];
    private static readonly MetricTotals Nothing = new();

    private readonly NodeTotals _before;
    private readonly NodeTotals _after;
    private readonly double _seconds;

    private Comparison(NodeTotals before, NodeTotals after) =>
        (_before, _after, _seconds) = (before, after, Math.Max((after.At - before.At).TotalSeconds, 1e-3));

    /// <summary>What happened between two scrapes; pods that ended before the second are left out.</summary>
    internal static NodeOverview Of(NodeTotals before, NodeTotals after) => new Comparison(before, after).Node();

    private NodeOverview Node() => new(
        _seconds, _after.Plugins,
        [
            .. _after.Pods.Where(pod => pod.Value.Containers.Count > 0).Select(pod => Pod(pod.Key, pod.Value, _before.Pods.GetValueOrDefault(pod.Key) ?? new PodTotals()))
                .OrderByDescending(pod => pod.CpuCores ?? -1).ThenBy(pod => pod.Namespace, StringComparer.Ordinal).ThenBy(pod => pod.Pod, StringComparer.Ordinal),
        ]);

    private PodOverview Pod(PodKey key, PodTotals after, PodTotals before)
    {
        Pair[] all = [.. after.Containers.Select(one => new Pair(one.Key.Name, one.Key.Role, before.Containers.GetValueOrDefault(one.Key), one.Value))
            .OrderBy(one => Array.IndexOf(Roles, one.Role)).ThenBy(one => one.Name, StringComparer.Ordinal)];
        Pair[] sidecars = [.. all.Where(one => one.Role == Sidecar)];
        double? cpu = Sum(sidecars, one => CpuOf(one));
        double? memory = Sum(sidecars, one => one.After.Value(OverviewMetrics.Memory));
        double? requests = Sum(all, RequestsOf);
        double? perSecond = requests / _seconds;
        return new PodOverview(
            key.Namespace, key.Pod, [.. sidecars.Select(one => one.Name)],
            Share(cpu, Sum(all, one => CpuOf(one))), cpu,
            Share(memory, Sum(all, one => one.After.Value(OverviewMetrics.Memory))), memory,
            perSecond, Share(cpu, perSecond),
            Times(sidecars, OverviewMetrics.Forward), Times(all, OverviewMetrics.Handoff),
            Sum(all, one => Rate(one, OverviewMetrics.Retransmits)),
            [.. all.Select(Container)], Legs(after, before));
    }

    private ContainerOverview Container(Pair one) => new(
        one.Name, one.Role,
        CpuOf(one), RateSinceKnown(one, OverviewMetrics.Throttled), one.After.Value(OverviewMetrics.Memory),
        Rate(one, OverviewMetrics.Accepted), Rate(one, OverviewMetrics.Connected), one.After.Value(OverviewMetrics.Open),
        Rate(one, OverviewMetrics.Sent), Rate(one, OverviewMetrics.Received), Rate(one, OverviewMetrics.Redirected), Rate(one, OverviewMetrics.Retransmits),
        Times([one], OverviewMetrics.Queue), Times([one], OverviewMetrics.RunQueue), Times([one], OverviewMetrics.ReceiveWait),
        one.After.Value(OverviewMetrics.OomKills));

    private List<LegOverview> Legs(PodTotals after, PodTotals before)
    {
        var keys = after.Legs.Keys.Concat(after.Intervals.Keys.Select(interval => (interval.Leg, interval.Direction))).Where(key => key.Direction.Length > 0).Distinct()
            .OrderBy(key => key.Leg == "outside" ? 0 : 1).ThenBy(key => Array.IndexOf(Directions, key.Direction));
        List<LegOverview> legs = [];
        foreach ((string leg, string direction) in keys)
        {
            Pair one = new(leg, direction, before.Legs.GetValueOrDefault((leg, direction)), after.Legs.GetValueOrDefault((leg, direction)) ?? Nothing);
            Pair both = new(leg, "", before.Legs.GetValueOrDefault((leg, "")), after.Legs.GetValueOrDefault((leg, "")) ?? Nothing);
            StageOverview[] stages = [.. after.Intervals.Where(interval => (interval.Key.Leg, interval.Key.Direction) == (leg, direction))
                .Select(interval => (interval.Key.From, interval.Key.To, Time: Times(interval.Value.Since(before.Intervals.GetValueOrDefault(interval.Key)))))
                .Where(stage => stage.Time is not null).Select(stage => new StageOverview(stage.From, stage.To, stage.Time!))];
            TimeOverview? journey = Times([one], OverviewMetrics.Journey);
            if (journey is not null || stages.Length > 0)
            {
                legs.Add(new LegOverview(leg, direction, journey, Rate(one, OverviewMetrics.LegRetransmits), Rate(both, OverviewMetrics.Dropped), StageOrder.Of(stages)));
            }
        }

        return legs;
    }

    /// <summary>A request reaches the service over a connection made for it (a handoff, counted for the service) or over one already open.</summary>
    private static double? RequestsOf(Pair one) =>
        Add(one.After.Histogram(OverviewMetrics.Handoff)?.Since(one.Before?.Histogram(OverviewMetrics.Handoff)).Count, Increase(one, OverviewMetrics.Reused));

    private double? CpuOf(Pair one) => RateSinceKnown(one, OverviewMetrics.Cpu);

    /// <summary>A rate of what is counted from the container's own beginning, which may lie before the daemon's.</summary>
    private double? RateSinceKnown(Pair one, string metric) => one.Before?.Value(metric) is null ? null : Rate(one, metric);

    private double? Rate(Pair one, string metric) => Increase(one, metric) / _seconds;

    private static double? Increase(Pair one, string metric)
    {
        double? before = one.Before?.Value(metric);
        return one.After.Value(metric) is not { } after ? null : before is null || before > after ? after : after - before;
    }

    private TimeOverview? Times(IEnumerable<Pair> of, string metric)
    {
        ScrapedHistogram[] all = [.. of.Select(one => one.After.Histogram(metric)?.Since(one.Before?.Histogram(metric))).OfType<ScrapedHistogram>()];
        return all.Length == 0 ? null : Times(new ScrapedHistogram(
            all.Sum(one => one.Count), all.Sum(one => one.Sum),
            [.. all.SelectMany(one => one.Buckets).GroupBy(bucket => bucket.Bound).OrderBy(bucket => bucket.Key).Select(bucket => (bucket.Key, bucket.Sum(one => one.Count)))]));
    }

    private TimeOverview? Times(ScrapedHistogram histogram) => histogram.Count <= 0 ? null : new TimeOverview(
        histogram.Count, histogram.Count / _seconds, histogram.Sum / histogram.Count, histogram.Quantile(0.5), histogram.Quantile(0.99));

    private static double? Sum(IEnumerable<Pair> of, Func<Pair, double?> value) => of.Select(value).Aggregate((double?)null, Add);

    private static double? Add(double? one, double? other) => one is null ? other : other is null ? one : one + other;

    private static double? Share(double? part, double? whole) => whole > 0 ? part / whole : null;

    /// <summary>A container, or a direction of a leg, in both scrapes.</summary>
    private sealed record Pair(string Name, string Role, MetricTotals? Before, MetricTotals After);
}
