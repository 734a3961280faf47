using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pmoas.Host.Demo;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What StackTrace does with functions of the kernel, where it lets them be traced: as stages, and to time netfilter and routes.</summary>
public sealed class FunctionTests
{
    private const int Requests = 100;
    private const int Rules = 1000;

    /// <summary>
    /// Those that are known, and one that is not: each in its place, passed once by each request and each response; by fentry, and by kprobe as on a kernel that
    /// has no fentry.
    /// </summary>
    [Theory]
    [InlineData("fentry", Traits = ["kernel", "every"])]
    [InlineData("kprobe", Traits = ["kernel", "every"])]
    public async Task functions_are_stages_in_their_place(string rung)
    {
        using Lacking lacking = new(rung == "fentry" ? null : "fentry");
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            """
            stages = ["tcp_sendmsg_locked", "ip_queue_xmit", "ip_output", "ip_finish_output", "__dev_queue_xmit", "net_dev_queue", "net_dev_start_xmit", "loopback_xmit", "veth_xmit",
                "netif_receive_skb", "ip_rcv", "tcp_v4_early_demux", "ip_local_deliver", "ip_protocol_deliver_rcu", "tcp_v4_rcv", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]
            intervals = ["ip_rcv -> tcp_v4_rcv"]

            """);
        journeys.SkipWithoutFunctions(rung);
        Assert.True(journeys.HookOf("ip_rcv").Kind == rung, journeys.HookOf("ip_rcv").Refused);
        Assert.True(journeys.HookOf("veth_xmit").Kind == "kprobe", journeys.HookOf("veth_xmit").Refused);

        // A module's, which by fentry would end the machine on the sender's side.
        Assert.StartsWith("function_5: veth_xmit is a function of the module veth", journeys.HookOf("veth_xmit").Refused, StringComparison.Ordinal);
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        bool Has(string hook) => journeys.HookOf(hook).Kind is not null; // two that are tracepoints since 6.16 and 6.3, and fentry before
        string[] above = [.. Has("tcp_sendmsg_locked") ? ["tcp_sendmsg_locked"] : (string[])[], "ip_queue_xmit", "ip_output", "ip_finish_output", "__dev_queue_xmit", "net_dev_queue", "net_dev_start_xmit"];
        string[] received = ["netif_receive_skb", "ip_rcv", "ip_local_deliver", "ip_protocol_deliver_rcu", "tcp_v4_rcv", "tcp_probe", .. Has("sk_data_ready") ? ["sk_data_ready"] : (string[])[], "tcp_rcv_space_adjust"];

        // Over the loopback device a packet keeps its route, and nobody has to look for its socket before; since 7.0 another function does that.
        string[] demux = Environment.OSVersion.Version.Major < 7 ? ["tcp_v4_early_demux"] : [];
        s.AssertChain("inside", "request", Requests, [.. above, "loopback_xmit", .. received], ("ip_rcv", "tcp_v4_rcv"));
        s.AssertChain("inside", "response", Requests, [.. above, "loopback_xmit", .. received], ("ip_rcv", "tcp_v4_rcv"));
        s.AssertChain("outside", "request", Requests, [.. received[..2], .. demux, .. received[2..]], ("ip_rcv", "tcp_v4_rcv"));
        s.AssertChain("outside", "response", Requests, [.. above, "veth_xmit"], ("ip_rcv", "tcp_v4_rcv"));
        string[] asked = ["leg=inside", "direction=request"];
        string[] between = received[1..5];
        double whole = s.Sum("interval_seconds_sum", [.. asked, "from=ip_rcv", "to=tcp_v4_rcv"]);
        Assert.Equal(between.Zip(between.Skip(1)).Sum(ends => s.Sum("interval_seconds_sum", [.. asked, $"from={ends.First}", $"to={ends.Second}"])), whole, whole * 1e-6);
        await s.AssertFollowedAsync(journeys.Bed);
        await Accept.Watched.Until(() => Task.FromResult(journeys.Look(bpf => bpf.Map("senders").CountEntries()) == 2), "both ends of the one connection that is open, inside");
    }

    /// <summary>A function that is not there, and one without a packet, are left out with a sentence; the rest is followed.</summary>
    [Fact]
    public async Task what_cannot_be_a_stage_is_left_out_and_says_why()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            "stages = [\"net_dev_queue\", \"net_dev_start_xmit\", \"netif_receive_skb\", \"no_such_function\", \"fib_table_lookup\", \"tcp_probe\", \"sk_data_ready\"]\n");

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        Assert.Equal("function_0, function_0_probed: this kernel has no function no_such_function, or its module is not loaded", journeys.HookOf("no_such_function").Refused);
        Assert.Equal("function_1, function_1_probed: the function fib_table_lookup has no argument of type struct sk_buff *", journeys.HookOf("fib_table_lookup").Refused);
        Assert.All(Journeys.Kinds, kind => Assert.Equal(Requests, s.Journeys(kind.Leg, kind.Direction)));
        s.AssertChain("inside", "request", Requests, ["net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready"]);
    }

    /// <summary>
    /// 1000 rules that match nothing at the pod's input, by iptables and by nftables: every packet that the rules have counted is timed at its hook and in its
    /// table, and the table takes longer where the rules are.
    /// </summary>
    [Theory]
    [InlineData("iptables-legacy", "", Traits = ["kernel", "every"])]
    [InlineData("iptables-nft", "INPUT", Traits = ["kernel", "every"])]
    public async Task netfilter_is_timed_by_hook_and_by_table(string iptables, string chain)
    {
        // One at the output, to compare with.
        const string no = " -m length --length 65000:65535 -j DROP\n";
        string rules = $"*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{string.Concat(Enumerable.Repeat("-A INPUT" + no, Rules))}-A OUTPUT{no}COMMIT\n";
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            before: async bed =>
            {
                string file = Path.Combine(bed.Plan.Directory, "rules");
                await File.WriteAllTextAsync(file, rules);
                await InNetns.RunAsync(bed.PodNetns, "bash", "-c", $"{iptables}-restore <{file}");
            });
        journeys.SkipWithoutFunctions();
        async Task<double> CountedAsync(string of)
        {
            // Packets that no rule took, which the policy has counted: Chain INPUT (policy ACCEPT 12 packets, 720 bytes)
            string list = await InNetns.RunAsync(journeys.Bed.PodNetns, iptables, "-L", of, "-v", "-n", "-x");
            return double.Parse(list.Split("ACCEPT ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        }

        await InNetns.RunAsync(journeys.Bed.PodNetns, iptables, "-Z");
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        double input = await CountedAsync("INPUT"), output = await CountedAsync("OUTPUT");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        // A packet of the bed's may have come before the counters were set to 0, for IPv4 none does by itself.
        Assert.True(input >= 3 * Requests && output >= 3 * Requests, $"{input}, {output}");
        foreach ((string hook, double packets) in ((string, double)[])[("input", input), ("output", output)])
        {
            string[] labels = ["family=ip", $"hook={hook}"];
            Assert.True(s.Sum("netfilter_seconds_count", labels) == packets, $"{packets}\n{s}");
            Assert.True(s.Sum("netfilter_chain_seconds_count", [.. labels, "table=filter", $"chain={(chain.Length > 0 ? hook.ToUpperInvariant() : "")}"]) == packets, $"{packets}\n{s}");
            Assert.True(s.Sum("netfilter_chain_seconds_sum", labels) < s.Sum("netfilter_seconds_sum", labels), s.ToString());
        }

        double slow = s.Sum("netfilter_chain_seconds_sum", "hook=input") / input, fast = s.Sum("netfilter_chain_seconds_sum", "hook=output") / output;
        Assert.True(slow > 3 * fast, $"{slow} s with {Rules} rules, {fast} s with one\n{s}");
        Assert.True(s.Sum("lost_total") == 0, s.ToString());
    }

    /// <summary>Datagrams whose destination a rule sends to a table of its own: each is looked up there once, and nothing else is.</summary>
    [Fact]
    [OnEveryKernel]
    public async Task routes_are_timed_by_table()
    {
        const int sent = 40;
        (string Option, string Network, string Destination, string Family)[] families = [("-4", "10.98.0.0/24", "10.98.0.1", "ip"), ("-6", "fd98::/64", "fd98::1", "ip6")];
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder() },
            "routes = true\n",
            async bed =>
            {
                foreach ((string option, string network, _, _) in families)
                {
                    await InNetns.RunAsync(bed.PodNetns, "ip", option, "rule", "add", "to", network, "lookup", "100");
                    await InNetns.RunAsync(bed.PodNetns, "ip", option, "route", "add", network, "dev", "lo", "table", "100");
                }
            });
        journeys.SkipWithoutFunctions();
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 10, keepAlive: false);
        foreach (IPEndPoint to in families.Select(family => new IPEndPoint(IPAddress.Parse(family.Destination), 9)))
        {
            await journeys.Bed.PodNetns.RunAsync(() =>
            {
                using Socket socket = new(to.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                return Enumerable.Range(0, sent).Sum(_ => socket.SendTo([0], to));
            });
        }

        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);
        foreach (string family in families.Select(family => $"family={family.Family}"))
        {
            Assert.True(s.Sum("route_lookup_seconds_count", family, "table=100") == sent, s.ToString());
            Assert.InRange(s.Sum("route_lookup_seconds_sum", family, "table=100"), sent * 1e-9, sent * 0.01);
            Assert.True(s.Sum("route_lookup_seconds_count", family, "table=local") > 0, s.ToString());
        }

        Assert.True(s.Sum("lost_total") == 0, s.ToString());
        Assert.Equal(0, journeys.Look(bpf => bpf.Map("look_ups").CountEntries()));
    }

    /// <summary>
    /// 500 filters of TC that match nothing, on the pod's device in both directions: what they cost is between the stages around them, where the packet passes them and
    /// not where it does not, and the function that begins with them is a stage.
    /// </summary>
    [Fact]
    public async Task what_filters_of_TC_cost_is_between_the_stages_around_them()
    {
        const int filters = 500;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            """
            stages = ["tcp_sendmsg_locked", "__dev_queue_xmit", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcf_classify", "ip_rcv", "tcp_probe", "sk_data_ready",
                "tcp_rcv_space_adjust"]

            """,
            before: async bed =>
            {
                string file = Path.Combine(bed.Plan.Directory, "filters");
                await File.WriteAllLinesAsync(file,
                [
                    "qdisc add dev eth0 clsact",
                    .. from way in (string[])["ingress", "egress"]
                       from number in Enumerable.Range(1, filters)
                       select $"filter add dev eth0 {way} protocol ip prio {number} u32 match ip dport 1 0xffff flowid 1:1",
                ]);
                await InNetns.TcAsync(bed.PodNetns, "-batch", file);
            });
        journeys.SkipWithoutFunctions();
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);
        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        string[] sent = ["tcp_sendmsg_locked", "__dev_queue_xmit", "net_dev_queue", "net_dev_start_xmit"], received = ["ip_rcv", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];
        s.AssertChain("outside", "request", Requests, ["netif_receive_skb", "tcf_classify", .. received]);
        s.AssertChain("outside", "response", Requests, sent);
        s.AssertChain("inside", "request", Requests, [.. sent, "netif_receive_skb", .. received]);
        double Took(string leg, string direction, string from, string to) =>
            s.Sum("interval_seconds_sum", $"leg={leg}", $"direction={direction}", $"from={from}", $"to={to}");
        double ingress = Took("outside", "request", "tcf_classify", "ip_rcv"), without = Took("inside", "request", "netif_receive_skb", "ip_rcv");
        double egress = Took("outside", "response", "__dev_queue_xmit", "net_dev_queue"), beside = Took("inside", "response", "__dev_queue_xmit", "net_dev_queue");
        Assert.True(ingress > 3 * without && egress > 3 * beside, $"in {ingress} s with filters, {without} s without; out {egress} and {beside}\n{s}");
        await s.AssertFollowedAsync(journeys.Bed);
    }

    /// <summary>Makes a kind of program one that this kernel does not have, while it lasts.</summary>
    private sealed class Lacking : IDisposable
    {
        private readonly string? _kind;

        internal Lacking(string? kind) => _kind = kind is not null && HookChoice.RefusedKinds.TryAdd(kind, "left out by the test") ? kind : null;

        public void Dispose()
        {
            if (_kind is not null)
            {
                HookChoice.RefusedKinds.Remove(_kind, out _);
            }
        }
    }
}
