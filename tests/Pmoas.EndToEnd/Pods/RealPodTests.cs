using System.Text.Json;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Docker;
using Pmoas.Beds.Images;
using Pmoas.Beds.Nested;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>Pods of real runtimes: names, roles, processes, and every request counted where it belongs.</summary>
[Collection(RealNodes.Name)]
public sealed class RealPodTests
{
    private const int Requests = 1000;

    [Fact]
    public async Task pods_of_containerd_are_known_by_name_also_those_older_than_the_daemon_and_a_thousand_requests_are_counted()
    {
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        RunningPod older = await bed.StartMeshPodAsync("shop", "cart");
        using Site site = NodeSite.With(NodeSite.Cri(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod newer = await bed.StartMeshPodAsync("bank", "ledger");
        await daemon.UntilMeshKnownAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("bank", "ledger");

        await ExactClient.RunAsync(bed.Network, older.SidecarUrl, Requests, keepAlive: false);
        await ExactClient.RunAsync(bed.Network, newer.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        await daemon.AssertMeshCountedAsync("bank", "ledger", Requests);
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"cri\",endpoint=\"{bed.SocketPath}\"}} 1");
        await daemon.UntilMetricAsync("pmoas_containers_missed_total 0");

        JsonElement rows = await HostProcess.JsonOfAsync(site, "pods");
        Assert.Equal(4, rows.GetArrayLength());
        JsonElement proxy = rows.Row("cart", MeshPod.Sidecar);
        Assert.Equal("sidecar", proxy.GetProperty("role").GetString());
        Assert.Contains("name \"proxy\"", proxy.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal(OfflineImage.Haproxy, proxy.GetProperty("image").GetString());
        Assert.Equal(older.Containers[MeshPod.Sidecar].Id, proxy.GetProperty("id").GetString());
        Assert.Equal(older.Containers[MeshPod.Sidecar].CgroupPath, proxy.GetProperty("cgroup").GetString());
        Assert.Equal(await bed.Cri.PidAsync(older.Containers[MeshPod.Sidecar].Id), proxy.GetProperty("pid").GetInt32());
        Assert.Equal([1], proxy.GetProperty("nested_pids").EnumerateArray().Select(pid => pid.GetInt32()));
        Assert.Equal(older.Uid, proxy.GetProperty("pod_uid").GetString());
        Assert.Equal(["cri", "cgroupfs"], proxy.GetProperty("sources").EnumerateArray().Select(source => source.GetString()));
        Assert.Equal("service", rows.Row("ledger", MeshPod.Service).GetProperty("role").GetString());
    }

    [Fact]
    public async Task a_container_that_is_started_again_keeps_its_series()
    {
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        using Site site = NodeSite.With(NodeSite.Cri(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("shop", "cart");
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, 100, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", 100);

        string old = pod.Containers[MeshPod.Sidecar].Id;
        await bed.RestartContainerAsync(pod, MeshPod.Sidecar);
        await MeshPod.UntilListeningAsync(pod.CgroupPath);
        await daemon.UntilLogAsync("shop/cart/proxy gone");
        await daemon.UntilAsync(async () => (await HostProcess.JsonOfAsync(site, "pods")).Row("cart", MeshPod.Sidecar).GetProperty("id").GetString() != old, "another id");
        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, 100, keepAlive: false);

        await daemon.AssertMeshCountedAsync("shop", "cart", 200);
    }

    [Fact]
    public async Task pods_of_Docker_are_known_by_name_and_containers_that_share_a_network_are_one_pod()
    {
        await using DockerBed bed = await DockerBed.StartAsync();
        using Site site = NodeSite.With("[[sidecars]]\nname = \"proxy\"\n[[sidecars]]\nname = \"*-proxy\"\n" + NodeSite.Docker(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        PlainPair pair = await bed.StartPlainPairAsync("web");
        await daemon.UntilMeshKnownAsync("shop", "cart");
        await daemon.UntilKnownAsync("docker", "web", "web-proxy", "sidecar");
        await daemon.UntilKnownAsync("docker", "web", "web", "service");

        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await ExactClient.RunAsync(bed.Network, pair.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        await daemon.AssertMeshCountedAsync("docker", "web", Requests, sidecar: "web-proxy", service: "web");

        JsonElement rows = await HostProcess.JsonOfAsync(site, "pods");
        Assert.Equal(4, rows.GetArrayLength());
        foreach ((string name, string container, string id) in new[]
        {
            ("cart", MeshPod.Sidecar, pod.Containers[MeshPod.Sidecar].Id), ("cart", MeshPod.Service, pod.Containers[MeshPod.Service].Id),
            ("web", "web", pair.First.Id), ("web", "web-proxy", pair.Second.Id),
        })
        {
            JsonElement row = rows.Row(name, container);
            Assert.Equal(id, row.GetProperty("id").GetString());
            Assert.Equal(await bed.Docker.InspectAsync(id, "{{.State.Pid}}"), row.GetProperty("pid").GetRawText());
        }
    }

    [Fact]
    public async Task a_node_that_is_a_container_is_looked_into_by_itself_and_its_pids_are_mapped()
    {
        using Site site = NodeSite.With("[sources.kubernetes]\nenabled = false"); // nothing says that there is such a node, nor where
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await using NestedBed bed = await NestedBed.StartAsync();
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("shop", "cart");

        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        await daemon.UntilMetricAsync(
            $"pmoas_source_up{{source=\"cri\",endpoint=\"/run/containerd/containerd.sock in container {bed.ContainerId[..12]}\"}} 1");

        JsonElement proxy = (await HostProcess.JsonOfAsync(site, "pods")).Row("cart", MeshPod.Sidecar);
        RunningContainer sidecar = pod.Containers[MeshPod.Sidecar];
        Assert.Equal(sidecar.Id, proxy.GetProperty("id").GetString());
        Assert.Equal(sidecar.CgroupPath, proxy.GetProperty("cgroup").GetString());
        Assert.StartsWith(bed.CgroupPath, sidecar.CgroupPath, StringComparison.Ordinal);
        Assert.Contains(proxy.GetProperty("pid").GetInt32(), sidecar.Processes);
        // As the node's own pid namespace numbers it, and as the container's.
        Assert.Equal([await bed.Cri.PidAsync(sidecar.Id), 1], proxy.GetProperty("nested_pids").EnumerateArray().Select(pid => pid.GetInt32()));

        await bed.RestartRuntimeAsync();
        RunningPod next = await bed.StartMeshPodAsync("shop", "next");
        await daemon.UntilMeshKnownAsync("shop", "next");
        await ExactClient.RunAsync(bed.Network, next.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "next", Requests);
    }

    [Fact]
    public async Task without_any_source_of_names_containers_are_counted_under_their_ids()
    {
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        using Site site = NodeSite.With(
            "[sources.kubernetes]\nenabled = false\n[sources.cri]\nenabled = false\n[sources.docker]\nenabled = false\n[[sidecars]]\ncommand = \"*/haproxy\"");
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
        (string sidecar, string service) = (pod.Containers[MeshPod.Sidecar].Id[..12], pod.Containers[MeshPod.Service].Id[..12]);
        await daemon.UntilKnownAsync("unknown", pod.Uid, sidecar, "sidecar");
        await daemon.UntilKnownAsync("unknown", pod.Uid, service, "service");

        await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("unknown", pod.Uid, Requests, sidecar, service);

        // The pause container is none of them.
        Assert.Equal(2, (await HostProcess.JsonOfAsync(site, "pods")).EnumerateArray().Count(row => row.GetProperty("pod").GetString() == pod.Uid));
    }
}
