using System.Globalization;
using Pmoas.FakeCollector;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// Requests per second of the demo chain (client → haproxy → nginx) while plugins run, against the same daemon without plugins right before
/// and right after: a machine with neighbours changes its speed by a third within a minute, and many short turns see through that where few
/// long ones do not.
/// </summary>
internal static class ChainBenchmark
{
    private const int Rounds = 16;
    private const int Seconds = 1;
    private const int Connections = 16;

    private static readonly Variant[] Variants =
    [
        new("Accept", "[plugins.accept]\n", 0.98, 0.92),
        new("ResourceUsage", "[plugins.resource_usage]\n", 0.98, 0.98),
        new("both", "[plugins.accept]\n[plugins.resource_usage]\n", 0.97, 0.92),
        new("StackTrace, 1 journey/s traced", "[plugins.stack_trace]\ntraced_per_second = 1\n", 0.95, 0.88),
        new("StackTrace, 100 journeys/s traced", "[plugins.stack_trace]\ntraced_per_second = 100\n", 0.95, 0.88),
        new("empty programs at its stages", "", null, null) { Instead = () => Task.FromResult<IAsyncDisposable>(EmptyStages.Start()) },
        new("four of its intervals by bpftrace", "", null, null) { Instead = async () => await Bpftrace.StartAsync() },
    ];

    internal static async Task<int> RunAsync()
    {
        Console.WriteLine($"demo chain, {Connections} connections, wrk outside the pod; {Rounds} turns of {Seconds} s with the plugins, each between two without");
        await RunAsync("keep-alive on both legs", InsideConnections.KeepAlive, close: false);
        await RunAsync("new connections for each request on both legs", InsideConnections.CloseEach, close: true);
        return 0;
    }

    private static async Task RunAsync(string title, InsideConnections inside, bool close)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench", InsideConnections = inside });
        await using CollectorServer collector = await CollectorServer.StartAsync();
        string traces = $"[traces]\nendpoint = \"http://127.0.0.1:{collector.GrpcPort}\"\n";
        await using DaemonUnderTest daemon = await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", traces);
        List<double>[] ratios = [.. Variants.Select(_ => new List<double>(Rounds))];
        List<double> without = [];
        string running = "";
        await TurnAsync(""); // warm
        double before = await TurnAsync("");
        for (int turn = 0; turn < Rounds * Variants.Length; turn++)
        {
            int which = turn % Variants.Length;
            double with = Variants[which].Instead is { } start ? await InsteadAsync(start) : await TurnAsync(Variants[which].Toml);
            double after = await TurnAsync("");
            ratios[which].Add(with / ((before + after) / 2));
            without.Add(after);
            before = after;
        }

        Console.WriteLine($"\n{title}: {without.Median().ToString("0", CultureInfo.InvariantCulture)} requests/s without plugins");
        for (int which = 0; which < Variants.Length; which++)
        {
            (double from, double to) = ratios[which].MedianInterval();
            double? goal = close ? Variants[which].CloseEach : Variants[which].KeepAlive;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {Variants[which].Name,-34}  × {ratios[which].Median():0.000} (95 %: {from:0.000}–{to:0.000}){(goal is null ? "" : $"   goal ≥ {goal:0.00}")}"));
        }

        async Task<double> InsteadAsync(Func<Task<IAsyncDisposable>> start)
        {
            await using IAsyncDisposable other = await start();
            return await TurnAsync("");
        }

        async Task<double> TurnAsync(string toml)
        {
            if (toml != running)
            {
                await daemon.ApplyAsync(traces + toml);
                running = toml;
            }

            await daemon.SettleAsync();
            return (await Wrk.RunAsync(bed, Connections, Seconds, close)).RequestsPerSecond;
        }
    }

    /// <summary>What runs during a turn, and which part of the requests must remain.</summary>
    /// <param name="Name">Name.</param>
    /// <param name="Toml">Tables of the plugins.</param>
    /// <param name="KeepAlive">With connections that are kept; null: it is there for comparison.</param>
    /// <param name="CloseEach">With a new one for each request.</param>
    private sealed record Variant(string Name, string Toml, double? KeepAlive, double? CloseEach)
    {
        /// <summary>Starts what runs in place of plugins; ends it when disposed.</summary>
        internal Func<Task<IAsyncDisposable>>? Instead { get; init; }
    }
}
