using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// Requests per second of the demo chain (client → haproxy → nginx) with the daemon off, with a plugin that does next to nothing, with
/// Accept, and with ResourceUsage. They take turns in every round, and each is compared with "off" of its own round: the machine's speed drifts.
/// Where neighbours disturb it, the best round of each says more: what disturbs only ever slows down.
/// </summary>
internal static class ChainBenchmark
{
    private const int Rounds = 7;
    private const int Seconds = 3;
    private const int Connections = 16;

    /// <summary>Before each load, also before the one without a daemon: a .NET process compiles for a moment after its start, on the same CPUs.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    private static readonly (string Name, string? Plugins, string Toml)[] Variants =
    [
        ("daemon off", null, ""),
        ("NoOp", "artifacts/samples", "[plugins.no_op]\n"),
        ("Accept", "artifacts/pmoas/plugins", "[plugins.accept]\n"),
        ("ResourceUsage", "artifacts/pmoas/plugins", "[plugins.resource_usage]\n"),
    ];

    internal static async Task<int> RunAsync()
    {
        Console.WriteLine($"demo chain, {Connections} connections, {Rounds} rounds of {Seconds} s each, wrk outside the pod; median (min–max)");
        await RunAsync("keep-alive on both legs", InsideConnections.KeepAlive, close: false, goal: 0.98);
        await RunAsync("new connections for each request on both legs", InsideConnections.CloseEach, close: true, goal: 0.92);
        return 0;
    }

    private static async Task RunAsync(string title, InsideConnections inside, bool close, double goal)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench", InsideConnections = inside });
        double[][] rates = [.. Variants.Select(_ => new double[Rounds])];
        await LoadAsync(bed, close); // warm
        for (int round = 0; round < Rounds; round++)
        {
            for (int turn = 0; turn < Variants.Length; turn++)
            {
                int which = (round + turn) % Variants.Length;
                (_, string? plugins, string toml) = Variants[which];
                await using DaemonUnderTest? daemon = plugins is null ? null : await DaemonUnderTest.StartAsync(bed, plugins, toml);
                await Task.Delay(Settle);
                rates[which][round] = await LoadAsync(bed, close);
            }
        }

        Console.WriteLine($"\n{title}");
        for (int which = 0; which < Variants.Length; which++)
        {
            double[] ratios = [.. rates[which].Select((rate, round) => rate / rates[0][round])];
            string wanted = Variants[which].Name switch
            {
                "Accept" => $"   goal ≥ {goal.ToString(CultureInfo.InvariantCulture)}",
                "ResourceUsage" => "   goal ≥ 0.98",
                _ => "",
            };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {Variants[which].Name,-13}  {rates[which].Median(),8:0} requests/s   × {ratios.Median():0.000} ({ratios.Min():0.000}–{ratios.Max():0.000})   best of each × {rates[which].Max() / rates[0].Max():0.000}{wanted}"));
        }
    }

    private static async Task<double> LoadAsync(PodBed bed, bool close) => (await Wrk.RunAsync(bed, Connections, Seconds, close)).RequestsPerSecond;
}
