using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>A new container whose totals find no memory for a value on each CPU is counted all the same.</summary>
public sealed class NoRoomTests
{
    [Fact]
    public async Task what_is_counted_for_all_cpus_together_and_later_on_each_adds_up()
    {
        const int Before = 300, After = 200;
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, "[plugins.accept]\nmax_containers = 16\n");
        watched.Look("accept", bpf => FullMap.Fill(bpf.Map("totals")));

        await ExactClient.RunAsync(bed, bed.SidecarUrl, Before, keepAlive: false);
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * Before);
        AssertCounted(s, Before);
        Assert.Equal(2, watched.EntriesOf("totals_shared"));

        // Room for one container's: of its numbers some are here then, and some there.
        watched.Look("accept", bpf => bpf.Map("totals").Remove(uint.MaxValue) ? 1 : 0);
        await ExactClient.RunAsync(bed, bed.SidecarUrl, After, keepAlive: false);
        s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * (Before + After));
        AssertCounted(s, Before + After);
        Assert.Equal((16, 2), (watched.EntriesOf("totals"), watched.EntriesOf("totals_shared")));
    }

    private static void AssertCounted(Samples s, int connections)
    {
        Assert.Equal(connections, s.Sidecar("accepted_total"));
        Assert.Equal(connections, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(2 * connections, s.Sidecar("closed_total"));
        Assert.Equal(0, s.Sidecar("open_connections"));
        Assert.Equal(connections, s.Sidecar("forward_seconds_count"));
        Assert.Equal(connections, s.Service("accepted_total"));
        Assert.Equal(connections, s.Service("handoff_seconds_count"));
        Assert.Equal(0, s.Service("open_connections"));
        Assert.Equal(0, s.Everywhere("lost_total"));
    }
}
