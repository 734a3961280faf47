using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>Two pods in one network namespace, as pods with hostNetwork are.</summary>
public sealed class SharedNetworkTests
{
    private const string Guest = "guest";
    private const string Inside = "leg=\"inside\"";
    private const int Bytes = 10_000_000;

    [Fact]
    public async Task each_has_what_its_own_sockets_carry_and_neither_has_the_interfaces()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        string pod = Path.GetDirectoryName(bed.Service.CgroupPath)!;
        PodCgroups.Create(pod, $"{pod}/{Guest}");
        await using Workload hold = Workload.StartIn(bed, $"{pod}/{Guest}", "hold");
        await hold.StoppedAsync(1);
        await using Watched watched = await Watched.StartAsync(bed, $$"""
            [[sources.static.pods]]
            namespace = "demo"
            name = "guest"
            containers = [ { name = "{{Guest}}", cgroup = "{{pod}}/{{Guest}}", image = "", labels = {} } ]

            [plugins.resource_usage]
            refresh = "0s"

            """, containers: 3);
        await KernelSamples.ScrapeAsync(watched);

        await using Workload receive = Workload.StartIn(bed, $"{pod}/{Guest}", "receive", "127.0.0.1", "9400", $"{Bytes}");
        await receive.SaysAsync("listens");
        await using Workload send = Workload.Start(bed, bed.Service, "send", "127.0.0.1", "9400", $"{Bytes}");
        await send.StoppedAsync(1);
        send.GoOn();
        await send.MustEndWellAsync();
        await receive.MustEndWellAsync();
        KernelSamples s = await KernelSamples.ScrapeAsync(watched);
        await Watched.Until(
            async () => (s = await KernelSamples.ScrapeAsync(watched)).Of("network_received_bytes_total", Guest, "service", Inside) >= Bytes, "all bytes are counted");

        Assert.Equal(Bytes, s.Of("network_received_bytes_total", Guest, "service", Inside));
        Assert.Equal(Bytes, s.Service("network_sent_bytes_total", Inside));
        Assert.Equal(Bytes, s.Everywhere("network_received_bytes_total"));
        Assert.Equal(Bytes, s.Everywhere("network_sent_bytes_total"));
        Assert.Equal(4, s.Of("open_sockets", Guest, "service", "state=\"established\""));
        Assert.Equal(0, s.Service("open_sockets", "state=\"established\""));
        Assert.False(s.Has("interface_bytes_total"));
        Assert.False(s.Has("sockets"));
    }
}
