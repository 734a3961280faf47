using System.Globalization;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>What the kernel itself says of how a container's threads were scheduled, summed.</summary>
/// <param name="Voluntary">Context switches a thread wanted.</param>
/// <param name="Involuntary">Those it did not want.</param>
/// <param name="RunDelay">Seconds that threads which could run waited.</param>
internal sealed record SchedulerBooks(long Voluntary, long Involuntary, double RunDelay)
{
    /// <summary>Reads /proc/PID/status and /proc/PID/schedstat of these processes' first threads.</summary>
    internal static SchedulerBooks Of(IEnumerable<int> processes)
    {
        SchedulerBooks sum = new(0, 0, 0);
        foreach (int pid in processes)
        {
            string[] status = File.ReadAllLines($"/proc/{pid}/status");
            string[] schedstat = File.ReadAllText($"/proc/{pid}/schedstat").Split(' ');
            sum = new SchedulerBooks(
                sum.Voluntary + Field(status, "voluntary_ctxt_switches:"),
                sum.Involuntary + Field(status, "nonvoluntary_ctxt_switches:"),
                sum.RunDelay + (long.Parse(schedstat[1], CultureInfo.InvariantCulture) * 1e-9));
        }

        return sum;
    }

    /// <summary>What was added since.</summary>
    internal SchedulerBooks Since(SchedulerBooks before) => new(Voluntary - before.Voluntary, Involuntary - before.Involuntary, RunDelay - before.RunDelay);

    /// <summary>The same as the plugin has it of the service.</summary>
    internal static SchedulerBooks OfService(KernelSamples s) => new(
        (long)s.Service("context_switches_total", "kind=\"voluntary\""),
        (long)s.Service("context_switches_total", "kind=\"involuntary\""),
        s.Service("run_queue_delay_seconds_sum"));

    private static long Field(string[] lines, string name) =>
        long.Parse(lines.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..], CultureInfo.InvariantCulture);
}
