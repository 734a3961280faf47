using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>What the daemon itself takes: time to ready, memory, CPU at rest.</summary>
internal static class DaemonBenchmark
{
    private const int Starts = 5;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);

    internal static async Task<int> RunAsync()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench" });
        List<double> ready = [];
        List<double> resident = [];
        double cpu = 0;
        for (int i = 0; i < Starts; i++)
        {
            await using DaemonUnderTest daemon = await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", "[plugins.accept]\n");
            ready.Add(daemon.ReadyAfter.TotalSeconds);
            for (int scrape = 0; scrape < 5; scrape++)
            {
                await daemon.ScrapeAsync();
            }

            resident.Add(daemon.ResidentBytes() / 1e6);
            if (i == Starts - 1)
            {
                await Task.Delay(Rest); // what .NET compiles again after a start is over
                TimeSpan before = daemon.CpuTime();
                await Task.Delay(Rest);
                cpu = (daemon.CpuTime() - before) / Rest;
            }
        }

        Console.WriteLine("daemon with Accept, one pod");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  ready after {ready.Median():0.00} s (goal ≤ 2)   resident {resident.Median():0} MB (goal ≤ 80)   CPU at rest {cpu:0.00%} of a core (goal ≤ 0.5 %)"));
        return 0;
    }

}
