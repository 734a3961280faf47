using Pmoas.Host.Demo;

namespace Pmoas.Host.Overview;

/// <summary>What one scrape says of every pod: totals since the daemon or the container began.</summary>
/// <param name="At">When it was made, on any clock that only goes forward.</param>
/// <param name="Pods">By namespace and name.</param>
/// <param name="Plugins">Plugins that run.</param>
internal sealed record NodeTotals(TimeSpan At, IReadOnlyDictionary<PodKey, PodTotals> Pods, IReadOnlyList<string> Plugins)
{
    /// <summary>Reads a text exposition.</summary>
    /// <param name="text">Prometheus text format; not closed.</param>
    /// <param name="at">When it was made.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    internal static NodeTotals Read(TextReader text, TimeSpan at)
    {
        Dictionary<PodKey, PodTotals> pods = [];
        SortedSet<string> plugins = new(StringComparer.Ordinal);
        while (text.ReadLine() is { } line)
        {
            // A node's text has a hundred thousand lines: only those that are looked at are taken apart.
            if (line.Length == 0 || line[0] == '#' || OverviewMetrics.Find(line.AsSpan(0, Math.Max(line.IndexOfAny(['{', ' ']), 0))) is not { } metric)
            {
                continue;
            }

            Sample sample = Scrape.Parse(line).Samples[0];
            if (metric.Subject == Subject.Plugin)
            {
                if (sample.Value == 1 && sample.Labels["state"] == "running")
                {
                    plugins.Add(sample.Labels["plugin"]);
                }

                continue;
            }

            PodKey key = new(sample.Labels["namespace"], sample.Labels["pod"]);
            if (!pods.TryGetValue(key, out PodTotals? pod))
            {
                pods.Add(key, pod = new PodTotals());
            }

            pod.Take(metric, sample);
        }

        return new NodeTotals(at, pods, [.. plugins]);
    }
}

/// <summary>A pod.</summary>
internal readonly record struct PodKey(string Namespace, string Pod);

/// <summary>Totals of a pod.</summary>
internal sealed class PodTotals
{
    /// <summary>Its containers, by name and role.</summary>
    internal Dictionary<(string Name, string Role), MetricTotals> Containers { get; } = [];

    /// <summary>What passes each leg, by leg and direction; a leg alone has the direction "".</summary>
    internal Dictionary<(string Leg, string Direction), MetricTotals> Legs { get; } = [];

    /// <summary>Journeys' intervals while data is carried.</summary>
    internal Dictionary<(string Leg, string Direction, string From, string To), HistogramTotals> Intervals { get; } = [];

    /// <summary>Adds a sample of this pod.</summary>
    internal void Take(OverviewMetric metric, Sample sample)
    {
        IReadOnlyDictionary<string, string> labels = sample.Labels;
        switch (metric.Subject)
        {
            case Subject.Container:
                Of(Containers, (labels["container"], labels["role"])).Add(metric, sample);
                break;
            case Subject.Leg when labels.GetValueOrDefault("phase", "data") == "data":
                Of(Legs, (labels["leg"], labels.GetValueOrDefault("direction", ""))).Add(metric, sample);
                break;
            case Subject.Interval when labels["phase"] == "data":
                Of(Intervals, (labels["leg"], labels["direction"], labels["from"], labels["to"])).Add(sample);
                break;
        }
    }

    private static T Of<TKey, T>(Dictionary<TKey, T> all, TKey key)
        where TKey : notnull
        where T : new()
    {
        if (!all.TryGetValue(key, out T? one))
        {
            all.Add(key, one = new T());
        }

        return one;
    }
}
