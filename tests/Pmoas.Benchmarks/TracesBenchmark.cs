using System.Globalization;
using Pmoas.FakeCollector;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// CPU time that the daemon takes for traces while the demo chain is under load: with StackTrace and 1 traced journey a second, and with 100. Requests per
/// second cannot tell a percent; the daemon's own CPU time can, and a traced journey costs little else: its event is told by a program that runs anyway.
/// </summary>
internal static class TracesBenchmark
{
    private const int Rounds = 5;
    private const int Seconds = 10;
    private const int Connections = 16;

    private static readonly int[] Rates = [1, 100];

    internal static async Task<int> RunAsync()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench", InsideConnections = InsideConnections.KeepAlive });
        await using CollectorServer collector = await CollectorServer.StartAsync();
        string traces = $"[traces]\nendpoint = \"http://127.0.0.1:{collector.GrpcPort}\"\n";
        await using DaemonUnderTest daemon = await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", traces);
        Console.WriteLine($"demo chain, {Connections} connections; {Rounds} turns of {Seconds} s each");
        List<double>[] cpu = [.. Rates.Select(_ => new List<double>(Rounds))], exported = [.. Rates.Select(_ => new List<double>(Rounds))];
        for (int turn = 0; turn < Rounds * Rates.Length; turn++)
        {
            int which = turn % Rates.Length;
            await daemon.ApplyAsync($"{traces}[plugins.stack_trace]\ntraced_per_second = {Rates[which]}\n");
            await Wrk.RunAsync(bed, Connections, 3); // compiles what the first traces need
            double before = await ExportedAsync(daemon);
            TimeSpan began = daemon.CpuTime();
            await Wrk.RunAsync(bed, Connections, Seconds);
            cpu[which].Add((daemon.CpuTime() - began).TotalMilliseconds / Seconds);
            exported[which].Add((await ExportedAsync(daemon) - before) / Seconds);
        }

        for (int which = 0; which < Rates.Length; which++)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {Rates[which],3} journeys a second: {cpu[which].Median():0.0} ms of CPU a second, {exported[which].Median():0.0} traces exported a second"));
        }

        double more = cpu[1].Median() - cpu[0].Median(), share = more / 10 / Environment.ProcessorCount;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  100 take {more:0.0} ms a second more than 1: {share:0.00} % of {Environment.ProcessorCount} cores   goal ≤ 1 %"));
        return 0;
    }

    private static async Task<double> ExportedAsync(DaemonUnderTest daemon) => Scrape.Parse(await daemon.ScrapeAsync()).Sum("pmoas_traces_exported_total");
}
