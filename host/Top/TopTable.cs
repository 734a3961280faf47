using Pmoas.Host.Overview;

namespace Pmoas.Host.Top;

/// <summary>A column.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="IsNumber">Numbers stand to the right.</param>
/// <param name="Rank">Where there is not room for all, those of the highest rank go first; 0 stays.</param>
internal sealed record TopColumn(string Name, bool IsNumber = true, int Rank = 0);

/// <summary>A table of text.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Rows">A text for each column.</param>
internal sealed record TopTable(string Title, IReadOnlyList<TopColumn> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>The same with no more columns than there is room for.</summary>
    /// <param name="width">Characters; two stand between columns.</param>
    internal TopTable Fitting(int width)
    {
        List<int> kept = [.. Enumerable.Range(0, Columns.Count)];
        while (kept.Sum(i => WidthOf(i) + 2) > width && kept.Max(i => Columns[i].Rank) > 0)
        {
            kept.Remove(kept.MaxBy(i => Columns[i].Rank));
        }

        return this with { Columns = [.. kept.Select(i => Columns[i])], Rows = [.. Rows.Select(row => kept.Select(i => row[i]).ToArray())] };
    }

    private int WidthOf(int column) => Rows.Select(row => row[column].Length).Append(Columns[column].Name.Length).Max();
}

/// <summary>The overview as tables.</summary>
internal static class TopTables
{
    /// <summary>A line for each pod.</summary>
    internal static TopTable Pods(IReadOnlyList<PodOverview> pods) => new(
        "What sidecars cost",
        [
            new("pod", IsNumber: false), new("cpu"), new("cpu share", Rank: 1), new("memory", Rank: 2), new("memory share", Rank: 6), new("requests/s"),
            new("cpu/request", Rank: 5), new("forward p50", Rank: 4), new("forward p99", Rank: 1), new("handoff p50", Rank: 7), new("handoff p99", Rank: 3),
            new("retransmits/s", Rank: 4),
        ],
        [
            .. pods.Select(pod => (string[])
            [
                $"{pod.Namespace}/{pod.Pod}", Figures.Cores(pod.CpuCores), Figures.Share(pod.CpuShare), Figures.Bytes(pod.MemoryBytes), Figures.Share(pod.MemoryShare),
                Figures.Rate(pod.RequestsPerSecond), Figures.Time(pod.CpuSecondsPerRequest), Figures.Time(pod.Forward?.P50Seconds), Figures.Time(pod.Forward?.P99Seconds),
                Figures.Time(pod.Handoff?.P50Seconds), Figures.Time(pod.Handoff?.P99Seconds), Figures.Rate(pod.RetransmitsPerSecond),
            ]),
        ]);

    /// <summary>A pod's containers, then each direction of its legs, stage by stage.</summary>
    internal static IEnumerable<TopTable> Pod(PodOverview pod)
    {
        yield return new TopTable(
            $"Containers of {pod.Namespace}/{pod.Pod}",
            [
                new("container", IsNumber: false), new("role", IsNumber: false), new("cpu"), new("throttled", Rank: 6), new("memory"), new("accepts/s", Rank: 1), new("connects/s", Rank: 1),
                new("open", Rank: 5), new("received/s", Rank: 3), new("sent/s", Rank: 3), new("redirected/s", Rank: 8), new("accept queue p99", Rank: 4), new("run queue p99", Rank: 2),
                new("unread p99", Rank: 7),
            ],
            [
                .. pod.Containers.Select(one => (string[])
                [
                    one.Name, one.Role, Figures.Cores(one.CpuCores), Figures.Cores(one.ThrottledCores), Figures.Bytes(one.MemoryBytes), Figures.Rate(one.AcceptedPerSecond),
                    Figures.Rate(one.ConnectedPerSecond), Figures.Rate(one.OpenConnections), Figures.Bytes(one.ReceivedBytesPerSecond), Figures.Bytes(one.SentBytesPerSecond),
                    Figures.Bytes(one.RedirectedBytesPerSecond), Figures.Time(one.Queue?.P99Seconds), Figures.Time(one.RunQueue?.P99Seconds), Figures.Time(one.ReceiveWait?.P99Seconds),
                ]),
            ]);
        foreach (LegOverview leg in pod.Legs)
        {
            yield return new TopTable(
                $"{leg.Leg}, {leg.Direction}",
                [new("from", IsNumber: false), new("to", IsNumber: false), new("journeys/s", Rank: 2), new("mean"), new("p50", Rank: 1), new("p99")],
                [.. leg.Stages.Select(stage => Times(stage.From, stage.To, stage.Time)), .. leg.Journey is { } journey ? (string[][])[Times("first stage", "last stage", journey)] : []]);
        }
    }

    private static string[] Times(string from, string to, TimeOverview time) =>
        [from, to, Figures.Rate(time.PerSecond), Figures.Time(time.MeanSeconds), Figures.Time(time.P50Seconds), Figures.Time(time.P99Seconds)];
}
