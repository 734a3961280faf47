using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>Context switches and run-queue delay against the kernel's own books of the same processes.</summary>
public sealed class KernelSchedulingTests
{
    private const string Toml = "[plugins.resource_usage]\n";

    [Fact]
    [OnEveryKernel]
    public async Task two_busy_loops_on_one_cpu_wait_as_long_and_switch_as_often_as_the_kernel_says()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);
        await using Workload busy = Workload.Start(bed, bed.Service, "busy", "1000");
        IReadOnlyList<int> processes = await busy.StoppedAsync(2);
        var kernelBefore = SchedulerBooks.Of(processes);
        KernelSamples before = await KernelSamples.ScrapeAsync(watched);

        busy.GoOn();
        await busy.SaysAsync("done", times: 2);
        await busy.StoppedAsync(2);
        SchedulerBooks kernel = SchedulerBooks.Of(processes).Since(kernelBefore);
        KernelSamples after = await KernelSamples.ScrapeAsync(watched);
        SchedulerBooks counted = SchedulerBooks.OfService(after).Since(SchedulerBooks.OfService(before));

        Assert.Equal(kernel.Voluntary, counted.Voluntary);
        Assert.Equal(kernel.Involuntary, counted.Involuntary);
        Assert.Equal(kernel.RunDelay, counted.RunDelay, tolerance: 1e-7);
        Assert.Equal(
            counted.Voluntary + counted.Involuntary,
            after.Service("run_queue_delay_seconds_count") - before.Service("run_queue_delay_seconds_count"));

        // Within a tenth is asked for; it is exact, and it is no small number: half of the second each, more where others use the machine.
        Assert.InRange(counted.RunDelay, kernel.RunDelay * 0.9, kernel.RunDelay * 1.1);
        Assert.InRange(kernel.RunDelay, 0.8, double.MaxValue);
        Assert.InRange(counted.Voluntary, 100, 120);
        Assert.Equal(0, after.Everywhere("lost_total"));
        busy.GoOn();
        await busy.MustEndWellAsync();
    }

    [Fact]
    public async Task threads_that_ended_leave_the_table()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);
        int before = Threads(watched);

        await InPod.RunAsync(bed, bed.Service, "for i in $(seq 100); do /bin/true & done; wait");

        KernelSamples s = await KernelSamples.ScrapeAsync(watched);
        Assert.InRange(s.Service("context_switches_total", "kind=\"voluntary\""), 100, double.MaxValue);
        Assert.InRange(Threads(watched), before, before + 4); // those of nginx and haproxy may be met meanwhile
    }

    [Fact]
    public async Task a_plugin_without_scheduling_has_no_hook_for_it()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml + "scheduling = false\n");

        KernelSamples s = await KernelSamples.ScrapeAsync(watched);

        Assert.Equal(0, s.Everywhere("context_switches_total"));
        Assert.Equal(0, Threads(watched));
    }

    private static int Threads(Watched watched) => watched.Look("resource_usage", bpf => bpf.Map("threads").CountEntries());
}
