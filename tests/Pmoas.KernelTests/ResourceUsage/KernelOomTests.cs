using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>A process that the kernel kills for want of memory counts once, for its container.</summary>
public sealed class KernelOomTests
{
    private const long Limit = 48L << 20;
    private const int Killed = 128 + 9;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task a_process_killed_for_want_of_memory_counts_one(int processes)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");
        CgroupFiles.LimitMemory(bed.Service.CgroupPath, Limit);

        for (int i = 0; i < processes; i++)
        {
            await using Workload eater = Workload.Start(bed, bed.Service, "eat", "128");
            Assert.Equal(Killed, await eater.EndAsync());
        }

        KernelSamples s = await KernelSamples.ScrapeAsync(watched);
        Assert.Equal(processes, s.Service("oom_kills_total"));
        Assert.Equal(0, s.Sidecar("oom_kills_total"));
    }

    [Fact]
    public async Task a_process_killed_by_a_signal_counts_none()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");

        await using (Workload loops = Workload.Start(bed, bed.Service, "busy", "1000"))
        {
            await loops.StoppedAsync(2);
        }

        Assert.Equal(0, (await KernelSamples.ScrapeAsync(watched)).Everywhere("oom_kills_total"));
    }
}
