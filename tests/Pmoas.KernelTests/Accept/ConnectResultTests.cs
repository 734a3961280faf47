using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>How a connect ends, and whose it is.</summary>
public sealed class ConnectResultTests
{
    [Fact]
    [OnEveryKernel]
    public async Task names_why_a_connect_failed()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);
        string silent = bed.Plan.PodIPv4[..^1] + "77";

        // A neighbour that takes frames and answers none, and few attempts to reach it: 1 s + 2 s.
        await bed.PodNetns.IpAsync(CancellationToken.None, "neighbour", "add", silent, "lladdr", "02:00:00:00:00:77", "dev", "eth0");
        await RunInAsync(bed, bed.Sidecar, "echo 1 > /proc/sys/net/ipv4/tcp_syn_retries");
        await RunInAsync(bed, bed.Sidecar, $"for i in 1 2 3; do exec 3<>/dev/tcp/127.0.0.1/9; done; exec 3<>/dev/tcp/10.222.0.1/80; exec 3<>/dev/tcp/{silent}/80");

        Samples s = await watched.ScrapeAsync();
        Assert.Equal(3, s.Sidecar("connected_total", "result=\"refused\""));
        Assert.Equal(1, s.Sidecar("connected_total", "result=\"unreachable\""));
        Assert.Equal(1, s.Sidecar("connected_total", "result=\"timeout\""));
        Assert.Equal(0, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(0, s.Sidecar("connected_total", "result=\"other\""));
        Assert.Equal(0, s.Sidecar("open_connections"));
        Assert.Equal(0, s.Sidecar("closed_total"));
    }

    [Fact]
    public async Task an_inside_connect_that_no_request_led_to_is_not_guessed_at()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);

        await RunInAsync(bed, bed.Sidecar, $"for i in 1 2 3 4; do exec 3<>/dev/tcp/127.0.0.1/{BedPlan.ServicePort}; exec 3>&-; done");

        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 4);
        Assert.Equal(4, s.Sidecar("connected_total", "result=\"ok\""));
        Assert.Equal(0, s.Sidecar("forward_seconds_count"));
        Assert.Equal(4, s.Unpaired("no_request"));
        Assert.Equal(4, s.Service("handoff_seconds_count"));
    }

    [Fact]
    public async Task a_connect_to_somebody_who_is_no_service_of_the_pod_is_said_to_be()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);

        // The sidecar connects to itself.
        await RunInAsync(bed, bed.Sidecar, $"exec 3<>/dev/tcp/127.0.0.1/{BedPlan.SidecarPort}; exec 3>&-");

        Samples s = await watched.ScrapeWhenClosedAsync(PodBed.SidecarName, 2);
        Assert.Equal(1, s.Unpaired("no_service"));
        Assert.Equal(0, s.Service("accepted_total"));
    }

    [Fact]
    public async Task a_process_outside_every_declared_cgroup_is_counted_nowhere()
    {
        await using PodBed other = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test" });
        await using Watched watched = await Watched.StartAsync(bed);

        ExactTraffic sent = await ExactClient.RunAsync(other, other.SidecarUrl, 100, keepAlive: false);
        Assert.Equal(100, sent.Requests);
        Samples s = await watched.ScrapeAsync();
        Assert.Equal(0, s.Everywhere("accepted_total") + s.Everywhere("connected_total") + s.Everywhere("closed_total"));
        Assert.Equal(0, s.Everywhere("sent_bytes_total") + s.Everywhere("received_bytes_total") + s.Everywhere("open_connections"));

        // The client is watched by nobody either: only the service's end of these counts.
        await ExactClient.RunAsync(bed, bed.ServiceUrl, 100, keepAlive: false);
        s = await watched.ScrapeWhenClosedAsync(PodBed.ServiceName, 100);
        Assert.Equal(100, s.Everywhere("accepted_total"));
        Assert.Equal(100, s.Service("accepted_total"));
        Assert.Equal(0, s.Everywhere("connected_total"));
        Assert.Equal(0, s.Service("handoff_seconds_count"));
    }

    private static async Task RunInAsync(PodBed bed, BedContainer container, string script)
    {
        using BedContainer run = BedContainer.Start(
            "run", new ContainerCommand("", ["/bin/bash", "-c", script]), bed.PodNetns, container.CgroupPath, bed.Plan.Directory);
        await run.ReapAsync();
    }
}
