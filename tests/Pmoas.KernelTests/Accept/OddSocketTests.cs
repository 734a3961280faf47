using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>Connections that begin or end in unusual ways: counted once, in the right place, and nothing stays behind.</summary>
public sealed class OddSocketTests
{
    [Theory]
    [InlineData("fast_open", 1, 1, 2)]
    [InlineData("self_connect", 0, 1, 1)]
    [InlineData("reconnect", 2, 2, 4)]
    [InlineData("reset_before_accept", 1, 1, 2)]
    [InlineData("never_accepted", 0, 10, 20)]
    [InlineData("overflow", 4, 4, 8)]
    [InlineData("pass_to_process", 1, 1, 2)]
    [InlineData("prefork", 8, 8, 16)]
    [InlineData("half_close", 2, 2, 4)]
    [InlineData("others", 0, 0, 0)]
    public async Task counts_what_happened(string what, int accepted, int connected, int closed)
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);
        await InPod.RunAsync(bed, bed.Service, "sysctl -qw net.ipv4.tcp_fastopen=519");

        await InPod.RunAsync(bed, bed.Service, InPod.Program("sockets"), what);

        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.ServiceName, closed);
        Assert.Equal(accepted, s.Service("accepted_total"));
        Assert.Equal(connected, s.Service("connected_total", "result=\"ok\""));
        Assert.Equal(what == "reconnect" ? 1 : 0, s.Service("connected_total", "result=\"refused\""));
        Assert.Equal(closed, s.Service("closed_total"));
        Assert.Equal(0, s.Service("open_connections"));
        Assert.Equal(s.Service("sent_bytes_total"), s.Service("received_bytes_total"));
        Assert.Equal(0, s.Everywhere("lost_total"));
        Assert.Equal(0, watched.EntriesOf("unaccepted"));
        Assert.Equal(0, watched.EntriesOf("legs"));
    }

    [Fact]
    public async Task names_connects_that_never_left()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);
        string silent = bed.Plan.PodIPv4[..^1] + "77";
        await bed.PodNetns.IpAsync(CancellationToken.None, "neighbour", "add", silent, "lladdr", "02:00:00:00:00:77", "dev", "eth0");

        await InPod.RunAsync(bed, bed.Service, InPod.Program("sockets"), "no_route");
        await InPod.RunAsync(bed, bed.Service, InPod.Program("sockets"), "abandon", silent);

        Samples s = await watched.ScrapeAsync();
        Assert.Equal(2, s.Service("connected_total", "result=\"unreachable\""));
        Assert.Equal(1, s.Service("connected_total", "result=\"other\""));
        Assert.Equal(3, s.Everywhere("connected_total"));
        Assert.Equal(0, s.Service("closed_total"));
        Assert.Equal(0, s.Service("open_connections"));
    }

}
