using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What is kept ends with what it was kept for, and what finds no room is counted.</summary>
public sealed class BoundTests
{
    [Theory]
    [InlineData("haproxy")]
    [InlineData("nginx")]
    public async Task closed_connections_leave_nothing_and_their_places_are_used_again(string sidecar)
    {
        const int Connections = 4000;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar, Service = Journeys.Responder() }, "max_streams = 1024\n");

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Connections, keepAlive: false, connections: 8);
        JourneySamples s = await journeys.ScrapeAsync(Connections);

        Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == Connections, $"{kind}\n{s}"));
        Assert.Equal(0, s.Sum("lost_total"));
        await Accept.Watched.Until(() => Task.FromResult(journeys.Look(bpf => bpf.Map("places").CountEntries()) == 0), "no direction of a connection has a place any more");
        Assert.InRange(journeys.Look(bpf => (int)bpf.GetGlobal<uint>("used_streams")), 4, 200);
    }

    [Fact]
    public async Task connections_beyond_what_is_followed_are_counted()
    {
        const int Connections = 600;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive }, "max_streams = 1024\n");

        // Each takes two places; the few of the inside are used again.
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Connections, keepAlive: true, connections: Connections);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        double followed = s.Journeys("outside", "request"), lost = s.Sum("lost_total", "table=streams");
        Assert.True(followed is > 480 and <= 512, s.ToString());
        Assert.True(lost > 0 && lost == s.Sum("lost_total"), s.ToString());
    }
}
