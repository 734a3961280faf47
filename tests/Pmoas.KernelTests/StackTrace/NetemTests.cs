using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>A network that is slow, or brings packets in another order, by the kernel's netem, which this machine's kernel may lack.</summary>
public sealed class NetemTests
{
    private const int Requests = 100;

    /// <summary>5 ms on the pod's way out: between the queue and the device of every response, and nowhere else.</summary>
    [Fact]
    [OnEveryKernel]
    public async Task a_delay_of_5_ms_shows_where_it_is_and_nowhere_else()
    {
        await using Journeys journeys = await StartAsync("delay", "5ms");

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        double delayed = s.Sum("interval_seconds_sum", "leg=outside", "direction=response", "from=net_dev_queue", "to=net_dev_start_xmit");
        double missed = s.Sum("unfinished_total", "leg=outside", "direction=response", "stage=net_dev_queue");
        Assert.True(missed <= Requests / 20, s.ToString());
        Assert.Equal(Requests - missed, s.Journeys("outside", "response"));
        Assert.InRange(delayed / (Requests - missed), 0.005, 0.010);
        foreach ((string leg, string direction) in Journeys.Kinds)
        {
            var others = s.Intervals(leg, direction).Where(interval => (leg, direction, interval.To) != ("outside", "response", "net_dev_start_xmit"));
            Assert.All(others, interval => Assert.True(interval.Seconds / interval.Count < 0.0025, $"{leg} {direction} {interval}\n{s}"));
        }

        Journeys.AssertSound(s);
    }

    /// <summary>A quarter of the packets overtake the others, and one in a hundred is lost: what is followed is still one byte each, in order.</summary>
    [Fact]
    [OnEveryKernel]
    public async Task packets_that_overtake_each_other_pair_nothing_wrongly()
    {
        await using Journeys journeys = await StartAsync("delay", "2ms", "reorder", "25%", "loss", "1%");

        ExactTraffic sent = await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        // 64 KiB are many packets, so that there are some to overtake. What a journey took longer than the delay and a retransmission is wrong.
        Assert.Equal(Requests * 65536L, sent.BodyBytes);
        Assert.True(s.Journeys("outside", "response") >= Requests, s.ToString());
        Assert.Equal(Requests, s.Journeys("outside", "request"));
        Assert.Equal(Requests, s.Journeys("inside", "request"));
        double delayed = s.Sum("interval_seconds_sum", "leg=outside", "direction=response", "from=net_dev_queue", "to=net_dev_start_xmit");
        Assert.InRange(delayed / s.Journeys("outside", "response"), 0, 0.004);
        Journeys.AssertSound(s);
    }

    private static async Task<Journeys> StartAsync(params string[] netem) =>
        await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(bodyBytes: netem.Length > 2 ? 65536 : 1024), InsideConnections = InsideConnections.KeepAlive },
            before: async bed =>
            {
                try
                {
                    await InNetns.TcAsync(bed.PodNetns, ["qdisc", "add", "dev", "eth0", "root", "netem", .. netem]);
                }
                catch (Exception e) when (e.Message.Contains("qdisc kind is unknown", StringComparison.Ordinal))
                {
                    Assert.Skip("this kernel was built without netem; Debian's kernels in the virtual machine have it");
                }
            });
}
