using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Addresses that are changed inside the pod, as a sidecar's REDIRECT rules do it.</summary>
public sealed class TranslationTests
{
    private const int Requests = 200;
    private static readonly string[] s_whole =
        ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    /// <summary>The client calls port 9080, which is the sidecar's by a rule; the sidecar calls an address that is the service's by a rule.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task journeys_pass_rules_that_redirect_them(bool keepAlive)
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Sidecar = CallsElsewhere, Service = Journeys.Responder(), InsideConnections = keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach },
            before: async bed =>
            {
                await IptablesAsync(bed.PodNetns, "-A", "PREROUTING", "-p", "tcp", "--dport", "9080", "-j", "REDIRECT", "--to-ports", $"{BedPlan.SidecarPort}");
                await IptablesAsync(bed.PodNetns, "-A", "OUTPUT", "-p", "tcp", "-d", "10.99.0.1", "--dport", "80", "-j", "REDIRECT", "--to-ports", $"{BedPlan.ServicePort}");
                await bed.PodNetns.IpAsync(CancellationToken.None, "route", "add", "default", "via", bed.Plan.ClientIPv4);
            });
        Uri redirected = new UriBuilder(journeys.Bed.SidecarUrl) { Port = 9080 }.Uri;

        await ExactClient.RunAsync(journeys.Bed, redirected, Requests, keepAlive);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        if (!journeys.IsWhole(s, Requests))
        {
            return;
        }

        Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == Requests, $"{kind}\n{s}"));
        s.AssertChain("inside", "request", Requests, s_whole);
        s.AssertChain("inside", "response", Requests, s_whole);
        s.AssertChain("outside", "response", Requests, s_whole[..3]);

        // The first packet of a connection tells under which addresses the others come.
        int first = keepAlive ? 1 : Requests;
        var arrived = s.Intervals("outside", "request");
        Assert.Equal(Requests, arrived.Single(i => (i.From, i.To) == ("tcp_probe", "sk_data_ready")).Count);
        Assert.Equal(Requests - first, arrived.Where(i => (i.From, i.To) == ("netif_receive_skb", "tcp_probe")).Sum(i => i.Count));
        await s.AssertFollowedAsync(journeys.Bed);
        Journeys.AssertSound(s);
        await Accept.Watched.Until(
            () => Task.FromResult(journeys.Look(bpf => bpf.Map("places").CountEntries()) <= (keepAlive ? 4 : 0)), "closed connections have no place any more");
    }

    private static ContainerCommand CallsElsewhere(BedPlan plan)
    {
        ContainerCommand haproxy = Haproxy.Sidecar(plan);
        string config = Path.Combine(plan.Directory, "haproxy.cfg");
        File.WriteAllText(config, File.ReadAllText(config).Replace(plan.InsideTarget, "10.99.0.1:80", StringComparison.Ordinal));
        return haproxy;
    }

    private static Task<string> IptablesAsync(NamedNetns netns, params string[] arguments) => InNetns.IptablesAsync(netns, ["-t", "nat", .. arguments]);
}
