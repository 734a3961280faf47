using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

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

        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        Assert.Equal(Requests, sent.Requests);
        foreach ((string leg, string direction) in Journeys.Kinds)
        {
            Assert.True(s.Journeys(leg, direction) == Requests, $"{leg} {direction}\n{s}");
            Assert.All(s.Intervals(leg, direction), interval => Assert.True(interval.Count == Requests, $"{leg} {direction} {interval}"));
        }

        s.AssertChain("inside", "request", Requests, ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]);
        s.AssertChain("inside", "response", Requests, ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]);
        s.AssertChain("outside", "request", Requests, ["netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]);
        s.AssertChain("outside", "response", Requests, ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit"]);
        await s.AssertFollowedAsync(journeys.Bed);
        Assert.Equal(Requests, s.Sum("receive_queue_wait_seconds_count", "role=service"));
        Assert.Equal(2 * Requests, s.Sum("receive_queue_wait_seconds_count", "role=sidecar"));
        Journeys.AssertSound(s);
    }

    /// <summary>Every stage there is, and intervals that were asked for: each a sum of those between.</summary>
    [Fact]
    public async Task all_stages_are_passed_in_their_order()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            """
            stages = ["tcp_sendmsg_locked", "net_dev_queue", "qdisc_enqueue", "qdisc_dequeue", "net_dev_start_xmit", "netif_rx", "napi_gro_receive_entry",
                "net_dev_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "skb_copy_datagram_iovec", "tcp_rcv_space_adjust", "sock_recv_length"]
            intervals = ["net_dev_queue -> sk_data_ready", "tcp_sendmsg_locked -> sock_recv_length"]

            """,
            bed => Subprocess.RunAsync("tc", ["-n", bed.PodNetns.Name, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1gbit", "burst", "100000", "limit", "1000000"], default));

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        string[] asked = ["leg=inside", "direction=request"];
        double queueToReady = s.Sum("interval_seconds_sum", [.. asked, "from=net_dev_queue", "to=sk_data_ready"]);
        double whole = s.Sum("interval_seconds_sum", [.. asked, "from=tcp_sendmsg_locked", "to=sock_recv_length"]);
        Assert.Equal(Requests, s.Sum("interval_seconds_count", [.. asked, "from=net_dev_queue", "to=sk_data_ready"]));
        bool hasLast = journeys.HookOf("sock_recv_length").Kind is not null;
        Assert.True(hasLast || Environment.OSVersion.Version < new Version(6, 3), "the tracepoint is there since 6.3");
        Assert.Equal(hasLast ? s.Sum("journey_seconds_sum", asked) : 0, whole, whole * 1e-6);
        string[] between = ["net_dev_queue", "net_dev_start_xmit", "netif_rx", "net_dev_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready"];
        Assert.Equal(between.Zip(between.Skip(1)).Sum(ends => s.Sum("interval_seconds_sum", [.. asked, $"from={ends.First}", $"to={ends.Second}"])), queueToReady, queueToReady * 1e-6);

        s.AssertChain("outside", "response", Requests, ["tcp_sendmsg_locked", "net_dev_queue", "qdisc_enqueue", "qdisc_dequeue", "net_dev_start_xmit", "net_dev_xmit"]);
        s.AssertChain("outside", "request", Requests,
            ["netif_rx", "netif_receive_skb", "tcp_probe", "sk_data_ready", "skb_copy_datagram_iovec", "tcp_rcv_space_adjust", .. hasLast ? ["sock_recv_length"] : Array.Empty<string>()]);
        Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == Requests, $"{kind}\n{s}"));
        await s.AssertFollowedAsync(journeys.Bed);
    }

    /// <summary>
    /// With RPS the receiving side is on another CPU, and may have the packet before the device's function has returned: that is left out then, and all else as it is.
    /// </summary>
    [Fact]
    public async Task a_receiver_on_another_CPU_may_be_quicker_than_the_device_that_hands_it_the_packet()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            """
            stages = ["tcp_sendmsg_locked", "net_dev_start_xmit", "net_dev_xmit", "netif_receive_skb", "tcp_rcv_space_adjust"]

            """,
            bed => Subprocess.RunAsync( // by ip, which mounts the namespace's own /sys
                "ip", ["netns", "exec", bed.PodNetns.Name, "sh", "-c", $"echo {(1 << Environment.ProcessorCount) - 1:x} >/sys/class/net/lo/queues/rx-0/rps_cpus"], default));

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        Journeys.AssertSound(s);
        foreach (string direction in (string[])["request", "response"])
        {
            string[] inside = ["leg=inside", $"direction={direction}"];
            double returned = s.Sum("interval_seconds_count", [.. inside, "to=net_dev_xmit"]);
            Assert.Equal(Requests, s.Journeys("inside", direction));
            Assert.Equal(Requests, s.Sum("interval_seconds_count", [.. inside, "to=netif_receive_skb"]));
            Assert.Equal(Requests - returned, s.Sum("interval_seconds_count", [.. inside, "from=net_dev_start_xmit", "to=netif_receive_skb"]));
        }

        s.AssertChain("outside", "response", Requests, ["tcp_sendmsg_locked", "net_dev_start_xmit", "net_dev_xmit"]);
        await s.AssertFollowedAsync(journeys.Bed);
    }

    /// <summary>
    /// Programs of ours are at TC's hooks of each device, whether the user has a qdisc for them or not. What goes out passes the hook before the device's queue, what
    /// comes in between the receiving side's begin and IP.
    /// </summary>
    [Fact, OnEveryKernel]
    public async Task packets_pass_the_hooks_of_TC_on_every_device_of_the_pod()
    {
        await using (Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            """
            stages = ["tcp_sendmsg_locked", "tc_egress", "net_dev_queue", "netif_receive_skb", "tc_ingress", "tcp_probe", "tcp_rcv_space_adjust"]

            """,
            bed => InNetns.TcAsync(bed.PodNetns, "qdisc", "add", "dev", "lo", "clsact")))
        {
            Assert.SkipWhen(journeys.HookOf("tc_egress").Refused?.Contains("tcx", StringComparison.Ordinal) == true, "this kernel has no tcx: it is older than 6.6");
            await Watched.Until(() => Task.FromResult(Journeys.ProgramsAtDevices() == 4), "lo and eth0 have two programs each");

            await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
            JourneySamples s = await journeys.ScrapeAsync(Requests);

            if (!journeys.IsWhole(s, Requests))
            {
                return;
            }

            string[] above = ["tcp_sendmsg_locked", "tc_egress", "net_dev_queue"], received = ["netif_receive_skb", "tc_ingress", "tcp_probe", "tcp_rcv_space_adjust"];
            s.AssertChain("inside", "request", Requests, [.. above, .. received]);
            s.AssertChain("inside", "response", Requests, [.. above, .. received]);
            s.AssertChain("outside", "request", Requests, received);
            s.AssertChain("outside", "response", Requests, above);
            await s.AssertFollowedAsync(journeys.Bed);
            Journeys.AssertSound(s);
            Assert.Contains("clsact", await InNetns.TcAsync(journeys.Bed.PodNetns, "qdisc", "show", "dev", "lo"), StringComparison.Ordinal);
            Assert.DoesNotContain("clsact", await InNetns.TcAsync(journeys.Bed.PodNetns, "qdisc", "show", "dev", "eth0"), StringComparison.Ordinal);

            await InNetns.RunAsync(journeys.Bed.PodNetns, "ip", "link", "delete", "eth0");
            await Watched.Until(() => Task.FromResult(Journeys.ProgramsAtDevices() == 2), "the links of a device that is gone are given back");
        }

        Assert.Equal(0, Journeys.ProgramsAtDevices());
    }
}
