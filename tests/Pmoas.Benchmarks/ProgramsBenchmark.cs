using System.Globalization;
using System.Text.Json;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// What each kernel program of a plugin costs: how often it runs for a request of the demo chain, and how long, as the kernel itself counts it
/// (<c>kernel.bpf_stats_enabled</c>, which adds its two looks at the clock to every run). Tells where a plugin's cost is; how much it is tells <c>chain</c>.
/// </summary>
internal static class ProgramsBenchmark
{
    private const string Switch = "/proc/sys/kernel/bpf_stats_enabled";
    private const int Connections = 16;
    private const int Seconds = 5;

    internal static async Task<int> RunAsync(string plugin)
    {
        string before = await File.ReadAllTextAsync(Switch);
        await File.WriteAllTextAsync(Switch, "1");
        try
        {
            await RunAsync("keep-alive on both legs", plugin, InsideConnections.KeepAlive, close: false);
            await RunAsync("new connections for each request on both legs", plugin, InsideConnections.CloseEach, close: true);
        }
        finally
        {
            await File.WriteAllTextAsync(Switch, before);
        }

        return 0;
    }

    private static async Task RunAsync(string title, string plugin, InsideConnections inside, bool close)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench", InsideConnections = inside });
        await using DaemonUnderTest daemon = await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", $"[plugins.{plugin}]\n");
        await Wrk.RunAsync(bed, Connections, 1, close); // warm
        await daemon.SettleAsync();
        var before = await ReadAsync();
        Wrk load = await Wrk.RunAsync(bed, Connections, Seconds, close);
        var after = await ReadAsync();

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{plugin}, {title}: {load.RequestsPerSecond:0} requests/s\n  {"program",-28} {"runs/request",12} {"ns/run",8} {"ns/request",11}"));
        (string Name, long Runs, long Nanoseconds)[] ran =
        [
            .. from program in after
               let earlier = before.GetValueOrDefault(program.Key)
               let runs = program.Value.Runs - earlier.Runs
               where runs > load.Requests / 100
               let nanoseconds = program.Value.Nanoseconds - earlier.Nanoseconds
               orderby nanoseconds descending
               select (program.Key, runs, nanoseconds),
        ];
        foreach ((string name, long runs, long nanoseconds) in ran)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-28} {runs / load.Requests,12:0.00} {(double)nanoseconds / runs,8:0} {nanoseconds / load.Requests,11:0}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {"all",-28} {"",12} {"",8} {ran.Sum(program => program.Nanoseconds) / load.Requests,11:0}"));
    }

    /// <summary>Programs by number and name: of one name there may be several.</summary>
    private static async Task<Dictionary<string, (long Runs, long Nanoseconds)>> ReadAsync()
    {
        using JsonDocument programs = JsonDocument.Parse(await Subprocess.RunAsync(Executable.Find("bpftool"), ["-j", "prog", "show"], CancellationToken.None));
        return programs.RootElement.EnumerateArray()
            .Where(program => program.TryGetProperty("run_cnt", out _))
            .ToDictionary(
                program => $"{program.GetProperty("name").GetString()} {program.GetProperty("id")}",
                program => (program.GetProperty("run_cnt").GetInt64(), program.GetProperty("run_time_ns").GetInt64()));
    }
}
