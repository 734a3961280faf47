using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>Block requests of a container, one by one.</summary>
public sealed class KernelBlockTests
{
    private const int Blocks = 256;
    private const int BlockSize = 4096;

    [Fact]
    [OnEveryKernel]
    public async Task each_direct_read_and_write_is_one_request_of_the_container_that_made_it()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");
        await using LoopDevice device = await LoopDevice.StartAsync(Blocks * BlockSize >> 20);
        string file = device.Path;

        // The program itself is read from the disk, by whoever starts it first.
        await RunAsync(bed, bed.Service, file, "write", 1);
        await RunAsync(bed, bed.Sidecar, file, "read", 1);
        KernelSamples before = await KernelSamples.ScrapeAsync(watched);

        await RunAsync(bed, bed.Service, file, "write", Blocks);
        await RunAsync(bed, bed.Sidecar, file, "read", Blocks / 2);

        KernelSamples after = await KernelSamples.ScrapeAsync(watched);
        double writes = after.Service("block_write_seconds_count") - before.Service("block_write_seconds_count");
        Assert.True(writes == Blocks, $"{writes} writes counted; before: {before}; after: {after}");
        Assert.Equal(0, after.Service("block_read_seconds_count") - before.Service("block_read_seconds_count"));
        Assert.Equal(Blocks / 2, after.Sidecar("block_read_seconds_count") - before.Sidecar("block_read_seconds_count"));
        Assert.Equal(0, after.Sidecar("block_write_seconds_count") - before.Sidecar("block_write_seconds_count"));
        double mean = (after.Service("block_write_seconds_sum") - before.Service("block_write_seconds_sum")) / Blocks;
        Assert.InRange(mean, 1e-6, 1);
        Assert.Equal(0, after.Everywhere("lost_total"));
    }

    private static async Task RunAsync(PodBed bed, BedContainer container, string file, string what, int blocks)
    {
        await using Workload direct = Workload.Start(bed, container, "direct", file, what, blocks.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await direct.MustEndWellAsync();
    }
}
