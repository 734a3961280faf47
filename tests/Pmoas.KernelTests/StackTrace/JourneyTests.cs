using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What is written is followed to who reads it, in both legs and both directions.</summary>
public sealed class JourneyTests
{
    private const string Plugin = "[plugins.stack_trace]\n";
    private const int Requests = 1000;

    [Fact]
    public async Task Explore()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", InsideConnections = InsideConnections.KeepAlive });
        await using Watched watched = await Watched.StartAsync(bed, Plugin);
        ExactTraffic sent = await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAlive: true, connections: 1);
        await Task.Delay(200);
        JourneySamples s = await JourneySamples.ScrapeAsync(watched);
        Assert.Fail(s.ToString());
    }
}
