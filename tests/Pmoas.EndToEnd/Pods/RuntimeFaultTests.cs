using Pmoas.Beds.Containerd;
using Pmoas.Beds.Docker;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>Runtimes that are not there, go and come back: the kernel counts on, the log says it once, names come by themselves.</summary>
[Collection(RealNodes.Name)]
public sealed class RuntimeFaultTests
{
    private const int Requests = 200;

    [Fact]
    public async Task containerd_killed_and_started_again_costs_neither_a_name_nor_a_count()
    {
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        using Site site = NodeSite.With(NodeSite.Cri(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("shop", "cart");

        await bed.StopRuntimeAsync();
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"cri\",endpoint=\"{bed.SocketPath}\"}} 0");
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        Assert.Equal(2, daemon.Log.Split("Source cri at").Length);

        await bed.StartRuntimeAsync();
        RunningPod next = await bed.StartMeshPodAsync("shop", "next");
        await daemon.UntilMeshKnownAsync("shop", "next");
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"cri\",endpoint=\"{bed.SocketPath}\"}} 1");
        Assert.Contains($"Source cri at {bed.SocketPath} answers again", daemon.Log, StringComparison.Ordinal);
        await ExactClient.RunAsync(bed.Network, next.SidecarUrl, Requests, keepAlive: false);
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "next", Requests);
        await daemon.AssertMeshCountedAsync("shop", "cart", 2 * Requests);
    }

    [Fact]
    public async Task dockerd_killed_and_started_again_costs_neither_a_name_nor_a_count()
    {
        await using DockerBed bed = await DockerBed.StartAsync();
        using Site site = NodeSite.With(NodeSite.Docker(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("shop", "cart");

        await bed.StopRuntimeAsync();
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"docker\",endpoint=\"{bed.SocketPath}\"}} 0");
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);

        await bed.StartRuntimeAsync();
        RunningPod next = await bed.StartMeshPodAsync("shop", "next");
        await daemon.UntilMeshKnownAsync("shop", "next");
        await ExactClient.RunAsync(bed.Network, next.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "next", Requests);
    }

    [Theory]
    [InlineData("cri")]
    [InlineData("docker")]
    public async Task a_socket_that_is_not_there_is_said_with_its_path_and_the_cure(string source)
    {
        string missing = $"/run/pmoas-missing-{Guid.NewGuid():N}.sock";
        using Site site = NodeSite.With(source == "cri" ? NodeSite.Cri(missing) : NodeSite.Docker(missing));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"{source}\",endpoint=\"{missing}\"}} 0");
        Assert.Single(daemon.Log.Split('\n'), line => line.Contains($"Source {source} at {missing}", StringComparison.Ordinal));

        await using HostProcess check = HostProcess.Start(site, "check");
        Assert.Equal(1, await check.ExitAsync());
        string line = Assert.Single(check.Output.Split('\n'), line => line.Contains($"source {source}", StringComparison.Ordinal));
        Assert.StartsWith("fail", line, StringComparison.Ordinal);
        Assert.Contains($"[sources.{source}]", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_runtime_that_starts_after_the_daemon_is_found_by_itself()
    {
        using Site site = NodeSite.With("[sources.kubernetes]\nenabled = false");
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");

        await daemon.UntilMeshKnownAsync("shop", "cart");
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
    }
}
