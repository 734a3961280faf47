using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>The kernel half of the plugin leaves nothing behind.</summary>
public sealed class KernelLeftoverTests
{
    [Fact]
    public async Task twenty_starts_leave_no_program_map_or_link()
    {
        KernelLeftovers leftovers = new();
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        for (int start = 0; start < 20; start++)
        {
            await using Watched watched = await Watched.StartAsync(bed, "[plugins.resource_usage]\n");
            await KernelSamples.ScrapeAsync(watched);
            Assert.True(leftovers.Mark() > 0);
        }

        leftovers.AssertNone();
    }
}
