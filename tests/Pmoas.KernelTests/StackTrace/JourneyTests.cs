using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What is written is followed to who reads it, in both legs and both directions.</summary>
public sealed class JourneyTests
{
    private const int Requests = 1000;

    [Theory]
    [InlineData("haproxy", true, "IPv4", "IPv4")]
    [InlineData("haproxy", false, "IPv4", "IPv4")]
    [InlineData("nginx", true, "IPv4", "IPv4")]
    [InlineData("nginx", false, "IPv4", "IPv4")]
    [InlineData("haproxy", true, "IPv6", "IPv6")]
    [InlineData("haproxy", false, "IPv6", "IPv6")]
    [InlineData("haproxy", true, "V4Mapped", "IPv4")]
    public async Task every_request_and_every_response_is_one_journey_in_each_leg(string sidecar, bool keepAlive, string outside, string inside)
    {
        await using Journeys journeys = await Journeys.StartAsync(new PodBedOptions
        {
            Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
            Service = Journeys.Responder(),
            InsideConnections = keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach,
            Outside = Enum.Parse<AddressKind>(outside),
            Inside = Enum.Parse<AddressKind>(inside),
        });

        ExactTraffic sent = await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        Assert.Equal(Requests, sent.Requests);
        foreach ((string leg, string direction) in Journeys.Kinds)
        {
            Assert.True(s.Journeys(leg, direction) == Requests, $"{leg} {direction}\n{s}");
            Assert.All(s.Intervals(leg, direction), interval => Assert.True(interval.Count == Requests, $"{leg} {direction} {interval}"));
        }

        Assert.Equal(
            ["tcp_sendmsg_locked net_dev_queue", "net_dev_queue net_dev_start_xmit", "net_dev_start_xmit netif_rx", "netif_rx netif_receive_skb",
                "netif_receive_skb tcp_probe", "tcp_probe sk_data_ready", "sk_data_ready tcp_rcv_space_adjust"],
            s.Intervals("inside", "request").Select(i => $"{i.From} {i.To}").Order(new ByStage()));
        Assert.Equal(
            ["netif_rx netif_receive_skb", "netif_receive_skb tcp_probe", "tcp_probe sk_data_ready", "sk_data_ready tcp_rcv_space_adjust"],
            s.Intervals("outside", "request").Select(i => $"{i.From} {i.To}").Order(new ByStage()));
        Assert.Equal(
            ["tcp_sendmsg_locked net_dev_queue", "net_dev_queue net_dev_start_xmit"],
            s.Intervals("outside", "response").Select(i => $"{i.From} {i.To}").Order(new ByStage()));
        Assert.Equal(0, s.Sum("unfollowed_packets_total") + s.Sum("unfinished_total") + s.Sum("retransmits_total"));
        Assert.Equal(Requests, s.Sum("receive_queue_wait_seconds_count", "role=service"));
        Assert.Equal(2 * Requests, s.Sum("receive_queue_wait_seconds_count", "role=sidecar"));
        Journeys.AssertSound(s);
    }

    private sealed class ByStage : IComparer<string>
    {
        private static readonly string[] Order =
            ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_rx", "netif_receive_skb", "tcp_probe", "sk_data_ready"];

        public int Compare(string? x, string? y) => Array.IndexOf(Order, x!.Split(' ')[0]).CompareTo(Array.IndexOf(Order, y!.Split(' ')[0]));
    }
}
