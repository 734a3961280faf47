using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Handshake and close of every connection, by the states of TCP.</summary>
public sealed class PhaseTests
{
    private const int Requests = 500;

    [Fact]
    public async Task each_end_of_each_connection_has_a_handshake_and_a_close()
    {
        await using Journeys journeys = await Journeys.StartAsync(new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.CloseEach });

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: false);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        Assert.Equal([("TCP_SYN_SENT", "TCP_ESTABLISHED", Requests)], Counts(s, "inside", "request", "handshake"));
        Assert.Equal([("TCP_SYN_RECV", "TCP_ESTABLISHED", Requests)], Counts(s, "inside", "response", "handshake"));
        Assert.Equal([("TCP_SYN_RECV", "TCP_ESTABLISHED", Requests)], Counts(s, "outside", "response", "handshake"));
        Assert.Equal(
            [("TCP_FIN_WAIT1", "TCP_FIN_WAIT2", Requests), ("TCP_FIN_WAIT2", "TCP_CLOSE", Requests)],
            Counts(s, "outside", "response", "close"));
        Assert.Equal(Requests, s.Journeys("outside", "response", "close"));

        // haproxy resets some of its connections to the service, which then have no close at either end.
        Assert.InRange(s.Journeys("inside", "request", "close"), 1, Requests);
        Assert.Equal(s.Journeys("inside", "request", "close"), s.Journeys("inside", "response", "close"));
        Journeys.AssertSound(s);
    }

    private static IEnumerable<(string From, string To, double Count)> Counts(JourneySamples s, string leg, string direction, string phase) =>
        s.Intervals(leg, direction, phase).Select(interval => (interval.From, interval.To, interval.Count)).Order();
}
