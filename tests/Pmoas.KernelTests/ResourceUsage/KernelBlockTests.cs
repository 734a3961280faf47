using System.Globalization;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>Block requests of a container, one by one.</summary>
public sealed class KernelBlockTests
{
    private const int Blocks = 256;
    private const int BlockSize = 4096;
    private const string Reads = "direction=\"read\"";
    private const string Writes = "direction=\"write\"";

    [Fact]
    public async Task each_direct_read_and_write_is_one_request_of_the_container_that_made_it()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");
        string file = await OnDiskAsync(bed);

        (KernelSamples before, KernelSamples after) = await DirectAsync(bed, watched, bed.Service, file, "write", Blocks);
        Assert.Equal(Blocks, Grown(s => s.Service("block_requests_total", Writes)));
        Assert.Equal(0, Grown(s => s.Service("block_requests_total", Reads)));
        Assert.Equal(0, Grown(s => s.Sidecar("block_requests_total", Writes)));
        AssertTimed(Blocks, Grown(s => s.Service("block_write_seconds_count")), Grown(s => s.Service("block_write_seconds_sum")));

        (before, after) = await DirectAsync(bed, watched, bed.Sidecar, file, "read", Blocks);
        Assert.Equal(Blocks, Grown(s => s.Sidecar("block_requests_total", Reads)));
        Assert.Equal(0, Grown(s => s.Sidecar("block_requests_total", Writes)));
        Assert.Equal(0, Grown(s => s.Service("block_requests_total", Reads)));
        AssertTimed(Blocks, Grown(s => s.Sidecar("block_read_seconds_count")), Grown(s => s.Sidecar("block_read_seconds_sum")));
        Assert.Equal(0, after.Everywhere("lost_total"));

        double Grown(Func<KernelSamples, double> what) => what(after) - what(before);
    }

    [Fact]
    public async Task what_goes_through_a_loop_device_is_counted_once_at_the_device_below_it()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");
        await using LoopDevice loop = await LoopDevice.OverAsync(await OnDiskAsync(bed));

        (KernelSamples before, KernelSamples after) = await DirectAsync(bed, watched, bed.Service, loop.Path, "write", Blocks);

        Assert.Equal(Blocks, after.Service("block_requests_total", Writes) - before.Service("block_requests_total", Writes));
    }

    /// <summary>One scrape before the blocks and one after them, with nothing else of the program's in between.</summary>
    private static async Task<(KernelSamples Before, KernelSamples After)> DirectAsync(
        PodBed bed, Watched watched, BedContainer container, string file, string what, int blocks)
    {
        await using Workload direct = Workload.Start(bed, container, "direct", file, what, blocks.ToString(CultureInfo.InvariantCulture));
        await direct.SaysAsync("ready");
        await direct.StoppedAsync(1);
        KernelSamples before = await KernelSamples.ScrapeAsync(watched);
        direct.GoOn();
        await direct.SaysAsync("done");
        await direct.StoppedAsync(1);
        KernelSamples after = await KernelSamples.ScrapeAsync(watched);
        direct.GoOn();
        await direct.MustEndWellAsync();
        return (before, after);
    }

    /// <summary>Never more than were made; fewer where the kernel ran no program at the end of some (see bpf/resource_usage/block.h).</summary>
    private static void AssertTimed(int made, double timed, double seconds)
    {
        Assert.InRange(timed, made / 2, made);
        Assert.InRange(seconds / timed, 1e-6, 1);
    }

    /// <summary>The disk of a virtual machine, which has no other place on one; or a file with all blocks on the disk: what is written over needs no new place, and so no journal.</summary>
    private static async Task<string> OnDiskAsync(PodBed bed)
    {
        if (Environment.GetEnvironmentVariable("PMOAS_TEST_DISK") is { } disk)
        {
            return disk;
        }

        string path = Path.Combine(bed.Plan.Directory, "blocks");
        await using FileStream file = File.Create(path);
        await file.WriteAsync(new byte[Blocks * BlockSize]);
        file.Flush(flushToDisk: true);
        return path;
    }
}
