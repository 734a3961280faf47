using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Handshake and close of every connection, by the states of TCP.</summary>
public sealed class PhaseTests
{
    private const int Requests = 500;

    [Fact]
    public async Task each_end_of_each_connection_has_a_handshake_and_a_close()
    {
        JourneySamples s = await ThroughAsync(Nginx.Sidecar);

        Assert.Equal(Requests, s.Journeys("inside", "request", "close"));
        Assert.Equal(Requests, s.Journeys("inside", "response", "close"));
    }

    /// <summary>
    /// haproxy resets some of its connections to the service: then it has no close. The service has none either, unless it was closing already and its FIN crossed
    /// the reset.
    /// </summary>
    [Fact]
    public async Task an_end_that_resets_its_connection_has_no_close()
    {
        JourneySamples s = await ThroughAsync(Haproxy.Sidecar);

        Assert.InRange(s.Journeys("inside", "request", "close"), 1, s.Journeys("inside", "response", "close"));
        Assert.InRange(s.Journeys("inside", "response", "close"), 1, Requests);
    }

    private static async Task<JourneySamples> ThroughAsync(ContainerProgram sidecar)
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = sidecar, Service = Journeys.Responder(), InsideConnections = InsideConnections.CloseEach });

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: false);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        Assert.Equal([("TCP_SYN_SENT", "TCP_ESTABLISHED", Requests)], Counts(s, "inside", "request", "handshake"));
        Assert.Equal([("TCP_SYN_RECV", "TCP_ESTABLISHED", Requests)], Counts(s, "inside", "response", "handshake"));
        Assert.Equal([("TCP_SYN_RECV", "TCP_ESTABLISHED", Requests)], Counts(s, "outside", "response", "handshake"));
        Assert.Equal(
            [("TCP_FIN_WAIT1", "TCP_FIN_WAIT2", Requests), ("TCP_FIN_WAIT2", "TCP_CLOSE", Requests)],
            Counts(s, "outside", "response", "close"));
        Assert.Equal(Requests, s.Journeys("outside", "response", "close"));
        Journeys.AssertSound(s);
        return s;
    }

    private static IEnumerable<(string From, string To, double Count)> Counts(JourneySamples s, string leg, string direction, string phase) =>
        s.Intervals(leg, direction, phase).Select(interval => (interval.From, interval.To, interval.Count)).Order();
}
