using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>A pod behind a node that is a network namespace of its own: the node's functions are stages of what leaves the pod and of what comes to it.</summary>
public sealed class NodeTests
{
    private const int Requests = 100;

    private const string Stages = """
        stages = ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "br_handle_frame_finish", "ip_forward", "ip6_forward", "br_forward", "br_dev_queue_push_xmit",
            "net_dev_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]

        """;

    private static readonly string[] s_above = ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit"];
    private static readonly string[] s_returned = ["net_dev_xmit"]; // out of the pod it is left out, for the node's stages come after it
    private static readonly string[] s_bridge = ["br_handle_frame_finish", "br_forward", "br_dev_queue_push_xmit"];
    private static readonly string[] s_received = ["netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    /// <summary>A bridge leaves a packet its socket, so that the pod's stages see it in the node once more: it is not another one.</summary>
    [Theory]
    [InlineData(true, "IPv4")]
    [InlineData(false, "IPv4")]
    [InlineData(true, "IPv6")]
    [InlineData(false, "IPv6")]
    public Task a_packet_that_the_node_sends_on_is_counted_once(bool bridged, string outside) => BehindNodeAsync(bridged, outside, "", async journeys =>
    {
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        await AssertChainsAsync(journeys, s, []);
    });

    /// <summary>
    /// Over a bridge what leaves the pod ends at the last stage; where the node routes, it does not pass that one, and ends when the next is written or the
    /// connection is closed.
    /// </summary>
    [Theory]
    [InlineData(true, "br_handle_frame_finish", "br_forward", "br_dev_queue_push_xmit", Traits = ["kernel", "every"])]
    [InlineData(false, "ip_forward")]
    public Task what_the_node_does_with_a_packet_is_between_the_pod_s_device_and_the_other_end(bool bridged, params string[] node) => HasStagesAsync(bridged, "IPv4", node);

    [Theory]
    [InlineData(true, "br_handle_frame_finish", "br_forward", "br_dev_queue_push_xmit")]
    [InlineData(false, "ip6_forward")]
    public Task what_it_does_with_a_packet_of_IPv6_is_there_too(bool bridged, params string[] node) => HasStagesAsync(bridged, "IPv6", node);

    /// <summary>
    /// A rule in the pod makes the client's port 9080 the sidecar's: the node sees the one, the socket the other. The first packet of a connection tells.
    /// </summary>
    [Fact]
    public Task a_packet_that_the_pod_translates_is_known_in_the_node_by_the_addresses_it_has_there() => BehindNodeAsync(
        bridged: true,
        "IPv4",
        Stages,
        async journeys =>
        {
            journeys.SkipWithoutFunctions();
            await InNetns.IptablesAsync(journeys.Bed.PodNetns, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "9080", "-j", "REDIRECT", "--to-ports", $"{BedPlan.SidecarPort}");
            await ExactClient.RunAsync(journeys.Bed, new UriBuilder(journeys.Bed.SidecarUrl) { Port = 9080 }.Uri, Requests, keepAlive: true);
            JourneySamples s = await journeys.ScrapeAsync(Requests);

            string[] path = [.. s_bridge, .. s_received];
            Journeys.AssertSound(s);
            if (!journeys.IsWhole(s, Requests))
            {
                return;
            }

            s.AssertChain("outside", "response", Requests, [.. s_above, .. s_bridge]);
            Assert.Equal(
                path.Zip(path.Skip(1), (from, to) => $"{from} {to} {(Array.IndexOf(s_received, from) > 0 ? Requests : Requests - 1)}").Order(StringComparer.Ordinal),
                s.Intervals("outside", "request").Select(i => $"{i.From} {i.To} {i.Count}").Order(StringComparer.Ordinal));
            await s.AssertFollowedAsync(journeys.Bed);
            await AssertForgottenAsync(journeys);
        });

    /// <summary>The client is a pod too: what it sends is on its way out of the one and into the other, at the same stages.</summary>
    [Fact]
    public async Task a_packet_between_two_pods_of_the_node_is_on_both_journeys()
    {
        static string Caller(PodBed bed) => $"{bed.Name}-caller";
        static string Cgroup(PodBed bed) => $"{Path.GetDirectoryName(bed.Service.CgroupPath)}/caller";
        BedContainer? caller = null;
        try
        {
            await using Journeys journeys = await Journeys.StartAsync(
                new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
                bed => Stages + $$"""
                    [[sources.static.pods]]
                    namespace = "test"
                    name = "{{Caller(bed)}}"
                    containers = [ { name = "caller", cgroup = "{{Cgroup(bed)}}", image = "example/caller:1", labels = {} } ]

                    """,
                async bed =>
                {
                    await PutBetweenAsync(bed, new NamedNetns($"{bed.Name}-node"), bridged: true);
                    PodCgroups.Create(Path.GetDirectoryName(bed.Service.CgroupPath)!, Cgroup(bed));
                    string go = Path.Combine(bed.Plan.Directory, "go");
                    string call = $"until [ -e {go} ]; do sleep 0.05; done; exec {Executable.Find("ab")} -q -k -c 1 -n {Requests} {bed.SidecarUrl}";
                    caller = BedContainer.Start("caller", new ContainerCommand("", ["/bin/sh", "-c", call]), bed.ClientNetns, Cgroup(bed), bed.Plan.Directory);
                },
                containers: 3);
            journeys.SkipWithoutFunctions();
            await File.WriteAllTextAsync(Path.Combine(journeys.Bed.Plan.Directory, "go"), "");
            await caller!.ReapAsync();
            Assert.True(caller.ExitCode == 0, caller.LogTail());
            JourneySamples s = await journeys.ScrapeAsync(Requests);
            if (!journeys.IsWhole(s, Requests))
            {
                return;
            }

            foreach ((string pod, string sent, string received) in ((string, string, string)[])[(Caller(journeys.Bed), "request", "response"), (journeys.Bed.Name, "response", "request")])
            {
                s.OfPod(pod).AssertChain("outside", sent, Requests, [.. s_above, .. s_bridge]);
                s.OfPod(pod).AssertChain("outside", received, Requests, [.. s_bridge, .. s_received]);
                await s.OfPod(pod).AssertFollowedAsync(journeys.Bed);
            }

            Journeys.AssertSound(s.OfPod(journeys.Bed.Name));
        }
        finally
        {
            caller?.Dispose();
        }
    }

    private static Task HasStagesAsync(bool bridged, string outside, IReadOnlyList<string> node) => BehindNodeAsync(
        bridged,
        outside,
        Stages,
        async journeys =>
        {
            journeys.SkipWithoutFunctions();
            await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
            JourneySamples s = await journeys.ScrapeAsync(Requests);

            await AssertChainsAsync(journeys, s, node);
            await AssertForgottenAsync(journeys);
        });

    /// <summary>Of what has gone through the node nothing is kept.</summary>
    private static Task AssertForgottenAsync(Journeys journeys) => Accept.Watched.Until(
        () => Task.FromResult(journeys.Look(bpf => bpf.Map("places").CountEntries()) == 2), "both directions of the one connection that is open, inside");

    private static async Task AssertChainsAsync(Journeys journeys, JourneySamples s, IReadOnlyList<string> node)
    {
        Journeys.AssertSound(s);
        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        string[] inside = [.. s_above, .. node.Count == 0 ? [] : s_returned, .. s_received];
        s.AssertChain("outside", "request", Requests, [.. node, .. s_received]);
        s.AssertChain("inside", "request", Requests, inside);
        s.AssertChain("inside", "response", Requests, inside);
        s.AssertChain("outside", "response", Requests, [.. s_above, .. node]);
        await s.AssertFollowedAsync(journeys.Bed);
    }

    /// <summary>A pod that is watched with these options, and a node between it and its client, which goes with the pod.</summary>
    private static async Task BehindNodeAsync(bool bridged, string outside, string options, Func<Journeys, Task> test)
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive, Outside = Enum.Parse<AddressKind>(outside) },
            options,
            before: bed => PutBetweenAsync(bed, new NamedNetns($"{bed.Name}-node"), bridged));
        await test(journeys);
    }

    /// <summary>Takes the wire between client and pod away, and puts a node there: a bridge, or a router that each reaches as its only neighbour.</summary>
    private static async Task PutBetweenAsync(PodBed bed, NamedNetns node, bool bridged)
    {
        const string neighbour = "169.254.1.1", neighbour6 = "fe80::1";
        static Task Ip(NamedNetns netns, params string[] words) => netns.IpAsync(CancellationToken.None, words);
        await node.CreateAsync(CancellationToken.None);
        await Ip(bed.PodNetns, "link", "delete", "eth0");
        if (bridged)
        {
            await Ip(node, "link", "add", "bridge", "up", "type", "bridge");
        }
        else
        {
            await Ip(node, "address", "add", $"{neighbour}/32", "dev", "lo");
            await InNetns.RunAsync(node, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        }

        foreach ((NamedNetns end, string address, string address6, string port) in ((NamedNetns, string, string, string)[])[
            (bed.PodNetns, bed.Plan.PodIPv4, bed.Plan.PodIPv6, "pod"), (bed.ClientNetns, bed.Plan.ClientIPv4, bed.Plan.ClientIPv6, "client")])
        {
            await Ip(node, "link", "add", port, "up", "type", "veth", "peer", "name", "eth0", "netns", end.Name);
            await Ip(end, "link", "set", "eth0", "up");
            await Ip(end, "address", "add", $"{address}/{(bridged ? 24 : 32)}", "dev", "eth0");
            if (bed.Plan.UsesIPv6)
            {
                await Ip(end, "address", "add", $"{address6}/{(bridged ? 64 : 128)}", "dev", "eth0", "nodad");
            }

            if (bridged)
            {
                await Ip(node, "link", "set", port, "master", "bridge");
                continue;
            }

            await Ip(end, "route", "add", neighbour, "dev", "eth0");
            await Ip(end, "route", "add", "default", "via", neighbour);
            await Ip(node, "route", "add", address, "dev", port);
            if (bed.Plan.UsesIPv6)
            {
                await Ip(node, "address", "add", $"{neighbour6}/64", "dev", port, "nodad");
                await Ip(end, "route", "add", "default", "via", neighbour6, "dev", "eth0");
                await Ip(node, "route", "add", address6, "dev", port);
            }
        }
    }
}
