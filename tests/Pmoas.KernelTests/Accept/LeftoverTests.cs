using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>Nothing is left behind: neither by connections nor by restarts of the plugin.</summary>
public sealed class LeftoverTests
{
    [Fact]
    public async Task a_thousand_connections_leave_the_kernel_tables_empty()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);

        await ExactClient.RunAsync(bed, bed.SidecarUrl, 1000, keepAlive: false, connections: 4);
        await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2000);

        Assert.Equal(0, watched.EntriesOf("unaccepted"));
        Assert.Equal(0, watched.EntriesOf("legs"));
        Assert.Equal(2, watched.EntriesOf("totals"));
    }

    [Fact]
    public async Task a_hundred_restarts_of_the_plugin_leave_no_program_map_link_or_descriptor()
    {
        KernelLeftovers leftovers = new();
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using (Watched watched = await Watched.StartAsync(bed))
        {
            await watched.RestartPluginAsync();
            int descriptors = Descriptors();
            for (int restart = 0; restart < 100; restart++)
            {
                await watched.RestartPluginAsync();
                leftovers.Mark();
                if (restart % 10 == 0)
                {
                    await ExactClient.RunAsync(bed, bed.SidecarUrl, 100, keepAlive: false);
                }
            }

            Samples s = await watched.ScrapeAsync();
            Assert.Equal(1000, s.Sidecar("accepted_total"));
            Assert.Equal(1000, s.Service("accepted_total"));
            Assert.Equal(descriptors, Descriptors());
        }

        leftovers.AssertNone();
    }

    /// <summary>Of programs, maps, links and attached tracepoints; the runtime opens others as it pleases.</summary>
    private static int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(path => new FileInfo(path).LinkTarget)
        .Count(target => target is not null && (target.Contains("bpf", StringComparison.Ordinal) || target.Contains("perf_event", StringComparison.Ordinal)));
}
