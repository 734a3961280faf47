using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>A new connection for each request: what was sent is what is counted, on every kind of address and with both proxies.</summary>
public sealed class NewConnectionTests
{
    private const int Requests = 1000;

    [Theory]
    [InlineData("haproxy", "IPv4", "IPv4", Traits = ["kernel", "every"])]
    [InlineData("haproxy", "IPv6", "IPv6")]
    [InlineData("haproxy", "V4Mapped", "V4Mapped")]
    [InlineData("nginx", "IPv4", "IPv4")]
    [InlineData("nginx", "IPv6", "IPv4")]
    public async Task counts_each_accept_connect_and_byte_once(string sidecar, string outside, string inside)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions
        {
            Prefix = "pmoas-test",
            Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
            Outside = Enum.Parse<AddressKind>(outside),
            Inside = Enum.Parse<AddressKind>(inside),
        });
        await using Watched watched = await Watched.StartAsync(bed);

        ExactTraffic sent = await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAlive: false);
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * Requests);

        Assert.Equal(Requests, sent.Connections);
        Assert.Equal(Requests, s.Sidecar("accepted_total"));
        Assert.Equal(Requests, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(2 * Requests, s.Sidecar("closed_total"));
        Assert.Equal(0, s.Sidecar("open_connections"));
        Assert.Equal(Requests, s.Service("accepted_total"));
        Assert.Equal(0, s.Service("connected_total", "result=\"ok\""));
        Assert.Equal(Requests, s.Service("closed_total"));
        Assert.Equal(0, s.Service("open_connections"));

        Assert.Equal(Requests, s.Sidecar("forward_seconds_count"));
        Assert.Equal(Requests, s.Service("handoff_seconds_count"));
        Assert.Equal(0, s.Service("forward_seconds_count"));
        Assert.Equal(0, s.Sidecar("handoff_seconds_count"));
        Assert.Equal(Requests, s.Sidecar("queue_seconds_count"));
        Assert.Equal(Requests, s.Service("queue_seconds_count"));
        Assert.Equal(Requests, s.Sidecar("connect_seconds_count"));
        Assert.Equal(2 * Requests, s.Sidecar("connection_seconds_count"));

        // Once at each close, and once more for a connection that a scrape of the wait above found open.
        Assert.InRange(s.Sidecar("rtt_seconds_count"), 2 * Requests, (2 * Requests) + 5);

        Assert.Equal(0, s.Sidecar("reused_requests_total"));
        Assert.Equal(0, s.Everywhere("unpaired_total"));
        Assert.Equal(0, s.Everywhere("lost_total"));
        Assert.Equal(await InNetns.SentAgainAsync(bed.PodNetns), s.Everywhere("retransmits_total"));

        // The sidecar's books: both legs. What the service did is the inside leg, the rest is what the client saw.
        Assert.Equal(sent.ReceivedBytes, s.Sidecar("sent_bytes_total") - s.Service("received_bytes_total"));
        Assert.Equal(sent.SentBytes, s.Sidecar("received_bytes_total") - s.Service("sent_bytes_total"));
    }

    [Theory]
    [InlineData("haproxy", 1)]
    [InlineData("haproxy", 2)]
    [InlineData("nginx", 1)]
    [InlineData("nginx", 2)]
    public async Task tells_what_cannot_be_paired_when_requests_come_together(string sidecar, int workers)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions
        {
            Prefix = "pmoas-test",
            Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
            SidecarWorkers = workers,
        });
        await using Watched watched = await Watched.StartAsync(bed);

        ExactTraffic sent = await ExactClient.RunAsync(bed, bed.SidecarUrl, Requests, keepAlive: false, connections: 16);
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2 * Requests);

        Assert.Equal(Requests, sent.Connections);
        Assert.Equal(Requests, s.Sidecar("accepted_total"));
        Assert.Equal(Requests, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(Requests, s.Service("accepted_total"));
        Assert.Equal(Requests, s.Service("handoff_seconds_count"));
        Assert.Equal(Requests, s.Sidecar("forward_seconds_count") + s.Unpaired("ambiguous") + s.Unpaired("no_request"));
        Assert.Equal(0, s.Unpaired("no_service"));
        Assert.Equal(0, s.Unpaired("table_full"));
        if (sidecar == "nginx")
        {
            // Its event loop reads one request and connects for it before it looks at the next: nothing is in doubt.
            Assert.Equal(Requests, s.Sidecar("forward_seconds_count"));
        }
    }

    [Fact]
    public async Task measures_how_long_the_service_let_a_connection_wait()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);

        TimeSpan wait = TimeSpan.FromMilliseconds(300);
        foreach (int process in bed.Service.Processes)
        {
            Assert.Equal(0, Signals.Send(process, Signals.Stop));
        }

        Task<ExactTraffic> request = ExactClient.RunAsync(bed, bed.SidecarUrl, 1, keepAlive: false);
        await Task.Delay(wait);
        foreach (int process in bed.Service.Processes)
        {
            Assert.Equal(0, Signals.Send(process, Signals.Continue));
        }

        await request;
        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2);
        Assert.Equal(1, s.Service("queue_seconds_count"));
        Assert.Equal(1, s.Service("handoff_seconds_count"));

        // Stopped for 300 ms less the time the request took to arrive: between a quarter second and one.
        Assert.InRange(s.Service("queue_seconds_sum"), 0.2, 1);
        Assert.InRange(s.Service("handoff_seconds_sum"), s.Service("queue_seconds_sum"), 1);
        Assert.Equal(0, s.Service("queue_seconds_bucket", "le=\"0.134217728\""));
        Assert.InRange(s.Sidecar("forward_seconds_sum"), 0, 0.2);
    }
}
