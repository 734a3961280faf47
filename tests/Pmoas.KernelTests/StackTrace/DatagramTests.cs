using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Datagrams, each followed from its sender to its receiver.</summary>
public sealed class DatagramTests
{
    private const int Count = 1000;
    private const int Port = 7000;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task every_datagram_inside_the_pod_is_one_journey(string address)
    {
        await using Journeys journeys = await StartAsync();

        await InPod.RunAsync(journeys.Bed, journeys.Bed.Service, InPod.Program("datagrams"), "each", address, $"{Port}", $"{Count}");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Journeys("inside", "sent") == Count, s.ToString());
        s.AssertChain("inside", "sent", Count, ["net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "sk_data_ready"]);
        Assert.Equal(s.Sum("journey_seconds_sum", "direction=sent"), s.Sum("interval_seconds_sum", "direction=sent"), 9);
        Assert.Equal(0, s.Sum("unfinished_total") + s.Sum("lost_total"));
        Assert.Equal(0, journeys.Look(bpf => bpf.Map("datagrams").CountEntries()));
    }

    /// <summary>The last of its three fragments is followed, the others are counted.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task a_datagram_in_fragments_inside_the_pod_is_one_journey(string address)
    {
        await using Journeys journeys = await StartAsync();
        await InPod.RunAsync(journeys.Bed, journeys.Bed.Service, "ip link set lo mtu 1500");

        await InPod.RunAsync(journeys.Bed, journeys.Bed.Service, InPod.Program("datagrams"), "each", address, $"{Port}", $"{Count}", "4000");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Journeys("inside", "sent") == Count, s.ToString());
        s.AssertChain("inside", "sent", Count, ["net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "sk_data_ready"]);
        Assert.True(s.Sum("unfollowed_packets_total", "leg=inside", "direction=sent") == 2 * Count, s.ToString());
        Assert.Equal(2 * Count, s.Sum("unfollowed_packets_total"));
        Assert.Equal(0, s.Sum("unfinished_total") + s.Sum("lost_total"));
        Assert.Equal(0, journeys.Look(bpf => bpf.Map("datagrams").CountEntries()));
    }

    [Fact]
    public async Task fragments_that_leave_and_that_come_are_told_apart()
    {
        await using Journeys journeys = await StartAsync();

        await InPod.RunAsync(journeys.Bed, journeys.Bed.Sidecar, $"for i in {{1..20}}; do head -c 4000 /dev/zero > /dev/udp/{journeys.Bed.Plan.ClientIPv4}/9; done");
        await Subprocess.RunAsync("nsenter",
            [$"--net={journeys.Bed.ClientNetns.FilePath}", "/bin/bash", "-c", $"for i in {{1..30}}; do head -c 4000 /dev/zero > /dev/udp/{journeys.Bed.Plan.PodIPv4}/9; done"],
            CancellationToken.None);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Journeys("outside", "sent") == 20, s.ToString());
        Assert.True(s.Sum("unfollowed_packets_total", "leg=outside", "direction=sent") == 40, s.ToString());
        Assert.True(s.Sum("unfollowed_packets_total", "leg=outside", "direction=received") == 60, s.ToString());
        Assert.True(s.Sum("unfinished_total", "leg=outside", "direction=received", "stage=netif_receive_skb") == 30, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=outside", "reason=no_socket") == 30, s.ToString());
        Assert.Equal(0, s.Sum("lost_total"));
        Assert.Equal(0, journeys.Look(bpf => bpf.Map("datagrams").CountEntries()));
    }

    /// <summary>The kernel cuts them where the receiver is found, and hands it buffers of their own: of none that was sent the end is seen.</summary>
    [Fact]
    public async Task segments_that_the_receiver_has_in_buffers_of_their_own_are_unfinished()
    {
        await using Journeys journeys = await StartAsync();

        await InPod.RunAsync(journeys.Bed, journeys.Bed.Service, InPod.Program("datagrams"), "each", "127.0.0.1", $"{Port}", "100", "2000", "500");

        await Watched.Until(async () =>
        {
            await JourneySamples.ScrapeAsync(journeys.Watched);
            return journeys.Look(bpf => bpf.Map("datagrams").CountEntries()) == 0;
        }, "they are known to have vanished");
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Sum("unfinished_total", "leg=inside", "direction=sent", "stage=netif_receive_skb") == 100, s.ToString());
        Assert.Equal(0, s.Journeys("inside", "sent"));
        Assert.Equal(0, s.Sum("lost_total"));
    }

    [Fact]
    public async Task datagrams_that_leave_and_that_come_are_told_apart()
    {
        await using Journeys journeys = await StartAsync();

        // Nobody answers at these ports: what leaves is done at the device, what comes is dropped.
        await InPod.RunAsync(journeys.Bed, journeys.Bed.Sidecar, $"for i in {{1..20}}; do echo x > /dev/udp/{journeys.Bed.Plan.ClientIPv4}/9; done");
        await Subprocess.RunAsync("nsenter",
            [$"--net={journeys.Bed.ClientNetns.FilePath}", "/bin/bash", "-c", $"for i in {{1..30}}; do echo x > /dev/udp/{journeys.Bed.Plan.PodIPv4}/9; done"], CancellationToken.None);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.True(s.Journeys("outside", "sent") == 20, s.ToString());
        Assert.True(s.Sum("unfinished_total", "leg=outside", "direction=received", "stage=netif_receive_skb") == 30, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=outside", "reason=no_socket") == 30, s.ToString());
        Assert.Equal(0, s.Sum("lost_total"));
        Assert.Equal(0, journeys.Look(bpf => bpf.Map("datagrams").CountEntries()));
    }

    [Fact]
    public async Task a_full_receive_buffer_is_counted_under_its_reason()
    {
        await using Journeys journeys = await StartAsync();

        int read = await RunFullAsync(journeys);
        JourneySamples s = await JourneySamples.ScrapeAsync(journeys.Watched);

        Assert.InRange(read, 1, 50);
        Assert.True(s.Journeys("inside", "sent") == read, s.ToString());
        Assert.True(s.Sum("dropped_packets_total", "leg=inside", "reason=socket_rcvbuff") == 200 - read, s.ToString());
        Assert.True(s.Sum("unfinished_total", "leg=inside", "direction=sent", "stage=netif_receive_skb") == 200 - read, s.ToString());
        Assert.Equal(0, s.Sum("lost_total"));
    }

    private static Task<Journeys> StartAsync() => Journeys.StartAsync(new PodBedOptions { Service = Journeys.Responder() }, "datagrams = true\n");

    /// <summary>Sends 200 before it reads, and returns how many it then read.</summary>
    private static async Task<int> RunFullAsync(Journeys journeys)
    {
        using BedContainer run = BedContainer.Start("run",
            new ContainerCommand("", [InPod.Program("datagrams"), "full", "127.0.0.1", $"{Port}", "200"]), journeys.Bed.PodNetns, journeys.Bed.Service.CgroupPath, journeys.Bed.Plan.Directory);
        await run.ReapAsync();
        return run.ExitCode;
    }
}
