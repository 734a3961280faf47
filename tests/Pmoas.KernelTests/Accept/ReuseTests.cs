using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>Inside connections that are kept: requests over them are told from those that opened one.</summary>
public sealed class ReuseTests
{
    private const int Requests = 1000;

    [Theory]
    [InlineData("haproxy", 1, true)]
    [InlineData("haproxy", 8, true)]
    [InlineData("haproxy", 1, false)]
    [InlineData("nginx", 1, true)]
    [InlineData("nginx", 8, true)]
    [InlineData("nginx", 1, false)]
    public async Task reused_is_requests_less_inside_connections(string sidecar, int connections, bool keepAliveOutside)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions
        {
            Prefix = "pmoas-test",
            Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
            InsideConnections = InsideConnections.KeepAlive,
        });
        await using Watched watched = await Watched.StartAsync(bed);

        ExactTraffic sent = await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAliveOutside, connections);
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, sent.Connections);

        double inside = s.Sidecar("connected_total", "result=\"ok\"");
        Assert.Equal(Requests, sent.Requests);
        Assert.Equal(sent.Connections, s.Sidecar("accepted_total"));
        Assert.InRange(inside, 1, Requests / 2);
        Assert.Equal(inside, s.Service("accepted_total"));
        Assert.Equal(Requests - inside, s.Sidecar("reused_requests_total"));
        Assert.Equal(inside, s.Sidecar("forward_seconds_count") + s.Unpaired("ambiguous") + s.Unpaired("no_request"));
        Assert.Equal(sent.ReceivedBytes, s.Sidecar("sent_bytes_total") - s.Service("received_bytes_total"));
        Assert.Equal(sent.SentBytes, s.Sidecar("received_bytes_total") - s.Service("sent_bytes_total"));
    }

    [Fact]
    [OnEveryKernel]
    public async Task connections_open_before_the_start_are_known_and_never_counted_as_new()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions
        {
            Prefix = "pmoas-test",
            InsideConnections = InsideConnections.KeepAlive,
        });
        using ExactConnection connection = await ExactClient.OpenAsync(bed, bed.SidecarUrl);
        connection.Request();
        (long sentBefore, long receivedBefore) = (connection.SentBytes, connection.ReceivedBytes);
        await using Watched watched = await Watched.StartAsync(bed);

        Samples s = await watched.ScrapeAsync();
        await Watched.Until(async () => (s = await watched.ScrapeAsync()).Sidecar("open_connections") == 2, "both of the sidecar's connections are known");
        Assert.Equal(1, s.Service("open_connections"));
        Assert.Equal(0, s.Everywhere("sent_bytes_total") + s.Everywhere("received_bytes_total"));

        connection.Request();
        connection.Request();
        s = await watched.ScrapeAsync();
        Assert.Equal(0, s.Everywhere("accepted_total") + s.Everywhere("connected_total"));
        Assert.Equal(2, s.Sidecar("reused_requests_total"));
        Assert.Equal(connection.ReceivedBytes - receivedBefore, s.Sidecar("sent_bytes_total") - s.Service("received_bytes_total"));
        Assert.Equal(connection.SentBytes - sentBefore, s.Sidecar("received_bytes_total") - s.Service("sent_bytes_total"));

        connection.Dispose();
        s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 1);
        Assert.Equal(1, s.Sidecar("closed_total"));
        Assert.Equal(1, s.Sidecar("open_connections"));
        Assert.Equal(0, s.Sidecar("connection_seconds_count"));
        Assert.Equal(0, s.Everywhere("accepted_total"));
    }
}
