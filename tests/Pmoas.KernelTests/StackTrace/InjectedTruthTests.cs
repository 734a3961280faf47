using System.Diagnostics;
using System.Globalization;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What is done to the traffic shows where it was done, and nowhere else.</summary>
public sealed class InjectedTruthTests
{
    private const int Requests = 200;

    /// <summary>What is slow by intent is as many times slower as the machine is.</summary>
    private static readonly double s_slowness = Patience.Of(TimeSpan.FromSeconds(1)).TotalSeconds;

    /// <summary>The pod's way out carries 2 Mbit/s: a response of 1 KiB waits some 5 ms before its device.</summary>
    [Fact]
    public async Task a_slow_queue_of_the_device_shows_before_the_device_and_nowhere_else()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            before: bed => InNetns.TcAsync(bed.PodNetns, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", $"{2000 / s_slowness:F0}kbit", "burst", "1600", "limit", "1000000"));

        long began = Stopwatch.GetTimestamp();
        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        double took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        double queued = s.Sum("interval_seconds_sum", "leg=outside", "direction=response", "from=net_dev_queue", "to=net_dev_start_xmit");
        double elsewhere = s.Sum("interval_seconds_sum", "phase=data") - queued;

        // The queue's timer sends in an interrupt. Where that finds the same program at work, the kernel does not run it: such a journey is not
        // finished, and the next one is followed.
        double missed = s.Sum("unfinished_total", "leg=outside", "direction=response", "stage=net_dev_queue");
        Assert.True(missed <= Requests / 20, s.ToString());
        Assert.All(Journeys.Kinds, kind => Assert.Equal(
            Requests - (kind is ("outside", "response") ? missed : 0), s.Journeys(kind.Leg, kind.Direction)));
        // The queue lets through at once what it has saved up while the client was thinking, which on a busy machine is much.
        Assert.True(queued > Requests * 0.002 * s_slowness && queued <= took, $"{queued} of {took} s in the queue\n{s}");
        Assert.True(elsewhere < took - queued && elsewhere < queued * 0.2, $"{elsewhere} s elsewhere, {queued} s in the queue\n{s}");
        Journeys.AssertSound(s);
    }

    [Fact]
    public async Task a_service_that_reads_late_is_seen_to()
    {
        double late = 0.003 * s_slowness;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(sleepMs: (int)(late * 1000)), InsideConnections = InsideConnections.KeepAlive });

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        double service = s.Sum("receive_queue_wait_seconds_sum", "role=service");
        double unread = s.Sum("interval_seconds_sum", "leg=inside", "direction=request", "from=sk_data_ready", "to=tcp_rcv_space_adjust");
        Assert.Equal(Requests, s.Sum("receive_queue_wait_seconds_count", "role=service"));
        Assert.InRange(service, Requests * late, Requests * 2 * late);
        Assert.InRange(unread, service * 0.98, service * 1.02);
        Assert.True(s.Sum("receive_queue_wait_seconds_sum", "role=sidecar") < service / 5, s.ToString());
        Assert.True(s.Sum("interval_seconds_sum", "phase=data") - unread < unread / 5, s.ToString());
        Journeys.AssertSound(s);
    }

    [Fact]
    public async Task dropped_packets_are_counted_by_the_kernels_reason()
    {
        await using Journeys journeys = await Journeys.StartAsync(new PodBedOptions { Service = Journeys.Responder() });
        string pod = journeys.Bed.Plan.PodIPv4;
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, "-A", "INPUT", "-p", "udp", "--dport", "7777", "-j", "DROP");

        // 7 to a port where nobody listens, 5 that a rule of the pod drops, from outside; 3 and 2 inside.
        await InPod.RunAsync(journeys.Bed, journeys.Bed.Service, "for i in 1 2 3; do echo x > /dev/udp/127.0.0.1/9; done; for i in 1 2; do echo x > /dev/udp/127.0.0.1/7777; done");
        await InNetns.RunAsync(journeys.Bed.ClientNetns, "bash", "-c", $"for i in 1 2 3 4 5 6 7; do echo x > /dev/udp/{pod}/9; done; for i in 1 2 3 4 5; do echo x > /dev/udp/{pod}/7777; done");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Sum("dropped_packets_total", "leg=outside", "reason=no_socket") == 7, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=outside", "reason=netfilter_drop") == 5, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=inside", "reason=no_socket") == 3, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=inside", "reason=netfilter_drop") == 2, s.ToString());
    }

    /// <summary>Every 10th response and every 10th request is lost on the way and sent again.</summary>
    [Fact]
    public async Task what_is_lost_and_sent_again_pairs_nothing_wrongly()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive });
        string[] everyTenthWithData = ["-p", "tcp", "-m", "length", "--length", "61:", "-m", "statistic", "--mode", "nth", "--every", "10", "--packet", "0", "-j", "DROP"];
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "INPUT", "-i", "lo", .. everyTenthWithData]);
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "INPUT", "-i", "eth0", .. everyTenthWithData]);
        await InNetns.IptablesAsync(journeys.Bed.ClientNetns, ["-A", "INPUT", .. everyTenthWithData]);

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        double droppedInside = s.Sum("dropped_packets_total", "reason=netfilter_drop", "leg=inside");
        double droppedOutside = s.Sum("dropped_packets_total", "reason=netfilter_drop", "leg=outside");
        Assert.True(droppedInside > Requests / 6 && droppedOutside > Requests / 12, s.ToString());
        Assert.True(s.Journeys("outside", "response") == Requests, s.ToString());
        foreach ((string leg, string direction, double dropped) in ((string, string, double)[])[("outside", "request", droppedOutside), ("inside", "", droppedInside)])
        {
            string[] labels = direction.Length > 0 ? [$"leg={leg}", $"direction={direction}"] : [$"leg={leg}"];
            double unfinished = s.Sum("unfinished_total", labels);
            Assert.True(unfinished == s.Sum("unfinished_total", [.. labels, "stage=netif_receive_skb"]), s.ToString());
            Assert.True(s.Sum("journey_seconds_count", [.. labels, "phase=data"]) + unfinished == (direction.Length > 0 ? 1 : 2) * Requests, s.ToString());

            // The second copy of one may be dropped too, and a tail loss probe be one more packet.
            Assert.True(unfinished > 0 && unfinished <= dropped, s.ToString());
        }

        Assert.True(s.Sum("interval_seconds_sum", "to=tcp_probe") < Requests * 0.001, $"a retransmission's wait is in an interval\n{s}");
        Journeys.AssertSound(s);
    }

    [Fact]
    public async Task bodies_of_64_KiB_are_followed_while_they_are_cut_and_put_together()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(bodyBytes: 65536), InsideConnections = InsideConnections.KeepAlive });

        // Longer than an answer without data can be, which tells what came twice.
        string[] withData = ["-p", "tcp", "-m", "length", "--length", "81:"];
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "INPUT", "-i", "lo", .. withData]);
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "OUTPUT", "-o", "eth0", .. withData]);

        ExactTraffic sent = await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, Requests, keepAlive: true);
        JourneySamples s = await journeys.ScrapeAsync(Requests);

        Assert.Equal(Requests * 65536, sent.BodyBytes);
        Assert.Equal(Requests, s.Journeys("outside", "request"));
        Assert.Equal(Requests, s.Journeys("inside", "request"));
        Assert.True(s.Journeys("inside", "response") >= Requests, s.ToString());
        Assert.True(s.Journeys("outside", "response") >= Requests, s.ToString());
        Assert.Equal(0, s.Sum("unfinished_total"));
        Assert.Equal(await PacketsAsync(journeys.Bed.PodNetns, "INPUT"), s.Sum("journey_seconds_count", "leg=inside", "phase=data") + s.Sum("unfollowed_packets_total", "leg=inside"));
        Assert.Equal(await PacketsAsync(journeys.Bed.PodNetns, "OUTPUT"),
            s.Journeys("outside", "response") + s.Sum("unfollowed_packets_total", "leg=outside", "direction=response"));
        Journeys.AssertSound(s);
    }

    /// <summary>Of large bodies every 7th packet is lost: those behind it arrive before it is sent again.</summary>
    [Fact]
    public async Task what_arrives_out_of_order_pairs_nothing_wrongly()
    {
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(bodyBytes: 1 << 20), InsideConnections = InsideConnections.KeepAlive });

        // Some have more than 64 KiB, which are no length to iptables.
        string[] bodies = ["-p", "tcp", "--sport", $"{BedPlan.ServicePort}", "-m", "length", "!", "--length", "0:99"];
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "OUTPUT", "-o", "lo", .. bodies]);
        await InNetns.IptablesAsync(journeys.Bed.PodNetns, ["-A", "INPUT", "-i", "lo", .. bodies, "-m", "statistic", "--mode", "nth", "--every", "7", "--packet", "0", "-j", "DROP"]);

        await ExactClient.RunAsync(journeys.Bed, journeys.Bed.SidecarUrl, 100, keepAlive: true);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        string[] labels = ["leg=inside", "direction=response"];
        double finished = s.Sum("journey_seconds_count", [.. labels, "phase=data"]), unfinished = s.Sum("unfinished_total", labels);
        double packets = await PacketsAsync(journeys.Bed.PodNetns, "OUTPUT");
        Assert.True(s.Sum("dropped_packets_total", "leg=inside", "reason=netfilter_drop") > 100, s.ToString());
        Assert.True(unfinished > 5 && finished > 50, s.ToString());

        // A journey that was given up had two packets with its byte. A program that would have interrupted itself has not seen its packet.
        int skipped = journeys.Look(bpf => bpf.Programs.Where(program => program.Autoload).Sum(program => (int)program.Info.RecursionMisses));
        double missed = packets - (finished + (2 * unfinished) + s.Sum("unfollowed_packets_total", labels));
        Assert.True(missed >= 0 && missed <= skipped, $"{packets} packets, {missed} missed, {skipped} skipped\n{s}");
        Assert.True(s.Sum("interval_seconds_sum", [.. labels, "to=netif_receive_skb"]) < 0.1, s.ToString());
        Journeys.AssertSound(s);
    }

    [Fact]
    public async Task connections_older_than_the_daemon_are_followed()
    {
        ExactConnection? connection = null;
        await using Journeys journeys = await Journeys.StartAsync(
            new PodBedOptions { Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive },
            before: async bed =>
            {
                connection = await ExactClient.OpenAsync(bed, bed.SidecarUrl);
                connection.Request();
            });
        using (connection)
        {
            JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);
            for (int i = 0; i < 10; i++)
            {
                connection!.Request();
            }

            s = await journeys.ScrapeAsync(10);
            Assert.All(Journeys.Kinds, kind => Assert.True(s.Journeys(kind.Leg, kind.Direction) == 10, $"{kind}\n{s}"));
            Journeys.AssertSound(s);
        }
    }

    /// <summary>What the first rule of a chain has counted.</summary>
    private static async Task<double> PacketsAsync(NamedNetns netns, string chain)
    {
        string rules = await InNetns.IptablesAsync(netns, "-L", chain, "-v", "-n", "-x");
        return double.Parse(rules.Split('\n')[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }
}
