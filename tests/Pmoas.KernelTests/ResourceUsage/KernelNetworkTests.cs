using System.Globalization;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>What a container's sockets carry, by leg.</summary>
public sealed class KernelNetworkTests
{
    private const string Toml = "[plugins.resource_usage]\ndatagrams_by_message = true\n";
    private const string Inside = "leg=\"inside\"";
    private const string OutsideLeg = "leg=\"outside\"";
    private const string Port = "9400";
    private const long Bytes = 100_000_000;

    [Theory]
    [InlineData("127.0.0.1", Traits = ["kernel", "every"])]
    [InlineData("::1")]
    [InlineData("pod")]
    public async Task bytes_between_two_containers_of_the_pod_are_on_the_inside_leg_of_both(string address)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);
        string to = address == "pod" ? bed.Plan.PodIPv4 : address;
        await using Workload receive = await ReceiveAsync(bed, to);
        await using Workload send = Workload.Start(bed, bed.Sidecar, "send", to, Port, Text(Bytes));

        await send.StoppedAsync(1);
        KernelSamples s = await ScrapeUntilAsync(watched, s => s.Service("network_received_bytes_total", Inside) >= Bytes / 2);
        Assert.Equal(Bytes / 2, s.Sidecar("network_sent_bytes_total", Inside));
        Assert.Equal(Bytes / 2, s.Service("network_received_bytes_total", Inside));

        send.GoOn();
        await send.MustEndWellAsync();
        await receive.MustEndWellAsync();
        s = await ScrapeUntilAsync(watched, s => s.Service("network_received_bytes_total", Inside) >= Bytes && s.Sidecar("network_sent_bytes_total", Inside) >= Bytes);

        Assert.Equal(Bytes, s.Sidecar("network_sent_bytes_total", Inside));
        Assert.Equal(Bytes, s.Service("network_received_bytes_total", Inside));
        Assert.Equal(0, s.Sidecar("network_received_bytes_total", Inside));
        Assert.Equal(0, s.Service("network_sent_bytes_total", Inside));
        Assert.InRange(s.Service("network_received_packets_total", Inside), Bytes / 65536, Bytes / 1000);
        Assert.Equal(0, Outside(s));
        Assert.Equal(0, s.Everywhere("lost_total"));
    }

    [Fact]
    public async Task bytes_from_beyond_the_pod_are_on_the_outside_leg()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);
        await using Workload receive = await ReceiveAsync(bed, bed.Plan.PodIPv4);
        await using Workload send = Workload.StartOutside(bed, "send", bed.Plan.PodIPv4, Port, Text(Bytes));

        await send.StoppedAsync(1);
        send.GoOn();
        await send.MustEndWellAsync();
        await receive.MustEndWellAsync();
        KernelSamples s = await ScrapeUntilAsync(watched, s => s.Service("network_received_bytes_total", OutsideLeg) >= Bytes);

        Assert.Equal(Bytes, s.Service("network_received_bytes_total", OutsideLeg));
        Assert.Equal(Bytes, Outside(s));
        Assert.Equal(0, s.Service("network_received_bytes_total", Inside));
    }

    [Fact]
    public async Task a_connection_older_than_the_plugin_counts_what_it_carries_from_now_on()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Workload receive = await ReceiveAsync(bed, "127.0.0.1");
        await using Workload send = Workload.Start(bed, bed.Sidecar, "send", "127.0.0.1", Port, Text(Bytes));
        await send.StoppedAsync(1);
        await using Watched watched = await Watched.StartAsync(bed, Toml);

        send.GoOn();
        await send.MustEndWellAsync();
        await receive.MustEndWellAsync();
        KernelSamples s = await ScrapeUntilAsync(watched, s => s.Sidecar("network_sent_bytes_total", Inside) > 0);

        Assert.Equal(Bytes / 2, s.Sidecar("network_sent_bytes_total", Inside));
    }

    [Theory]
    [InlineData("127.0.0.1", "connected", Inside)]
    [InlineData("::1", "connected", Inside)]
    [InlineData("127.0.0.1", "loose", "leg=\"unknown\"")]
    public async Task datagrams_count_by_message(string address, string how, string leg)
    {
        const int Messages = 500;
        const int Size = 100;
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);

        await using Workload datagrams = Workload.Start(bed, bed.Service, "datagrams", address, how, Text(Messages));
        await datagrams.MustEndWellAsync();

        KernelSamples s = await KernelSamples.ScrapeAsync(watched);
        Assert.Equal(Messages, s.Service("network_sent_packets_total", leg));
        Assert.Equal(Messages, s.Service("network_received_packets_total", leg));
        Assert.Equal(Messages * Size, s.Service("network_sent_bytes_total", leg));
        Assert.Equal(Messages * Size, s.Service("network_received_bytes_total", leg));
        Assert.Equal(Messages * Size, s.Everywhere("network_received_bytes_total"));
    }

    [Fact]
    public async Task a_thousand_short_connections_lose_no_byte()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);

        ExactTraffic sent = await ExactClient.RunAsync(bed, bed.SidecarUrl, 1000, keepAlive: false, connections: 4);
        KernelSamples s = await ScrapeUntilAsync(watched, s => s.Sidecar("network_sent_bytes_total", OutsideLeg) >= sent.ReceivedBytes);

        Assert.Equal(sent.ReceivedBytes, s.Sidecar("network_sent_bytes_total", OutsideLeg));
        Assert.Equal(sent.SentBytes, s.Sidecar("network_received_bytes_total", OutsideLeg));
        Assert.Equal(s.Service("network_sent_bytes_total", Inside), s.Sidecar("network_received_bytes_total", Inside));
        Assert.Equal(s.Service("network_received_bytes_total", Inside), s.Sidecar("network_sent_bytes_total", Inside));
        Assert.InRange(s.Service("network_sent_bytes_total", Inside), 1000 * 1024, double.MaxValue);
    }

    [Fact]
    public async Task open_sockets_are_counted_once_by_state_and_no_more_when_they_are_closed()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed, Toml);
        Assert.Equal(1, (await KernelSamples.ScrapeAsync(watched)).Service("open_sockets", "state=\"listen\"")); // nginx: its master and its worker hold it

        await using (Workload hold = Workload.Start(bed, bed.Service, "hold"))
        {
            await hold.StoppedAsync(1);
            KernelSamples s = await KernelSamples.ScrapeAsync(watched);
            Assert.Equal(4, s.Service("open_sockets", "state=\"listen\""));
            Assert.Equal(4, s.Service("open_sockets", "state=\"established\""));
            Assert.Equal(1, s.Service("open_sockets", "state=\"udp\""));
            Assert.Equal(0, s.Sidecar("open_sockets", "state=\"established\""));
        }

        KernelSamples after = await KernelSamples.ScrapeAsync(watched);
        Assert.Equal(1, after.Service("open_sockets", "state=\"listen\""));
        Assert.Equal(0, after.Service("open_sockets", "state=\"established\""));
        Assert.Equal(0, after.Service("open_sockets", "state=\"udp\""));
    }

    private static async Task<Workload> ReceiveAsync(PodBed bed, string address)
    {
        Workload receive = Workload.Start(bed, bed.Service, "receive", address, Port, Text(Bytes));
        await receive.SaysAsync("listens");
        return receive;
    }

    /// <summary>The last segments are on their way for a moment after both programs are done.</summary>
    private static async Task<KernelSamples> ScrapeUntilAsync(Watched watched, Func<KernelSamples, bool> complete)
    {
        KernelSamples s = await KernelSamples.ScrapeAsync(watched);
        await Watched.Until(async () => complete(s = await KernelSamples.ScrapeAsync(watched)), "all bytes are counted");
        return s;
    }

    private static double Outside(KernelSamples s) =>
        s.Service("network_received_bytes_total", OutsideLeg) + s.Service("network_sent_bytes_total", OutsideLeg)
        + s.Sidecar("network_received_bytes_total", OutsideLeg) + s.Sidecar("network_sent_bytes_total", OutsideLeg);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
