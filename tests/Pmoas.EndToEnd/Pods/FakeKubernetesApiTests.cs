using System.Text.Json;
using k8s.Models;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Pods;
using Pmoas.FakeKubernetes;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>
/// Pods that containerd really runs, described by a pretended API server: the daemon asks nobody else, so names, labels and kinds are the API's, and
/// ids, cgroups and counts the kernel's.
/// </summary>
[Collection(RealNodes.Name)]
public sealed class FakeKubernetesApiTests : IAsyncLifetime
{
    private const int Requests = 200;
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(60);

    private readonly string _kubeconfig = Path.GetTempFileName();
    private FakeKubernetesApi _api = null!;
    private ContainerdBed _bed = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await FakeKubernetesApi.StartAsync();
        _api.AddNode(ApiPod.Node);
        _api.WriteKubeconfig(_kubeconfig);
        _bed = await ContainerdBed.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _bed.DisposeAsync();
        await _api.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    [Fact]
    public async Task a_pod_is_named_by_the_API_and_its_native_sidecar_recognised()
    {
        using Site site = NodeSite.With(NodeSite.Kubernetes(_kubeconfig, ApiPod.Node));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        _api.Put(ApiPod.Of(pod, isNative: true));
        V1Pod elsewhere = ApiPod.Of(pod);
        elsewhere.Metadata.Name = elsewhere.Metadata.Uid = "elsewhere";
        elsewhere.Spec.NodeName = "node-2";
        _api.Put(elsewhere);
        await daemon.UntilMeshKnownAsync("shop", "cart");

        await ExactClient.RunAsync(_bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);

        JsonElement rows = await HostProcess.JsonOfAsync(site, "pods");
        Assert.Equal(2, rows.GetArrayLength());
        JsonElement proxy = rows.Row("cart", MeshPod.Sidecar);
        Assert.Equal("native_sidecar", proxy.GetProperty("kind").GetString());
        Assert.Contains("kind \"native_sidecar\"", proxy.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal("StatefulSet/cart", proxy.GetProperty("owner").GetString());
        Assert.Equal(pod.Address, proxy.GetProperty("pod_ip").GetString());
        Assert.Equal("10.222.0.1", proxy.GetProperty("host_ip").GetString());
        Assert.Equal(["kubernetes", "cgroupfs"], proxy.GetProperty("sources").EnumerateArray().Select(source => source.GetString()));
    }

    [Fact]
    public async Task a_label_put_on_a_pod_that_runs_changes_its_roles_at_once()
    {
        using Site site = NodeSite.With(NodeSite.Kubernetes(_kubeconfig, ApiPod.Node));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        V1Pod described = ApiPod.Of(pod);
        _api.Put(described);
        await daemon.UntilMeshKnownAsync("shop", "cart");

        described.Metadata.Annotations["pmoas.io/sidecar"] = "app, proxy";
        _api.Put(described);

        await daemon.UntilKnownAsync("shop", "cart", MeshPod.Service, "sidecar");
    }

    [Fact]
    public async Task while_the_API_is_gone_for_a_minute_the_kernel_counts_on_and_the_log_says_it_once()
    {
        using Site site = NodeSite.With(NodeSite.Kubernetes(_kubeconfig, ApiPod.Node));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        _api.Put(ApiPod.Of(pod));
        await daemon.UntilMeshKnownAsync("shop", "cart");

        await _api.GoAwayAsync();
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"kubernetes\",endpoint=\"{_api.Url}\"}} 0");
        RunningPod born = await _bed.StartMeshPodAsync("shop", "late");
        await ExactClient.RunAsync(_bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        await Task.Delay(Outage, TestContext.Current.CancellationToken);

        double age = Scrape.Parse(await daemon.MetricsAsync()).Find("pmoas_source_age_seconds", ("source", "kubernetes")).Single().Value;
        Assert.InRange(age, Outage.TotalSeconds, Outage.TotalSeconds + 30);
        Assert.Equal(2, daemon.Log.Split("Source kubernetes at").Length);
        // A pod that came meanwhile is counted under what the kernel shows of it.
        await daemon.UntilKnownAsync("unknown", born.Uid, born.Containers[MeshPod.Service].Id[..12], "service");

        await _api.ComeBackAsync();
        _api.Put(ApiPod.Of(born));
        await daemon.UntilMeshKnownAsync("shop", "late", seconds: 90);
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"kubernetes\",endpoint=\"{_api.Url}\"}} 1");
        Assert.Contains($"Source kubernetes at {_api.Url} answers again", daemon.Log, StringComparison.Ordinal);
        await ExactClient.RunAsync(_bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", 2 * Requests);
    }

    [Fact]
    public async Task what_RBAC_refuses_is_said_with_its_cure_and_names_come_when_it_is_granted()
    {
        _api.Refuse("list", 403, "pods is forbidden: User \"system:serviceaccount:pmoas:pmoas\" cannot list resource \"pods\"");
        using Site site = NodeSite.With(NodeSite.Kubernetes(_kubeconfig, ApiPod.Node));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        _api.Put(ApiPod.Of(pod));
        await daemon.UntilMetricAsync($"pmoas_source_up{{source=\"kubernetes\",endpoint=\"{_api.Url}\"}} 0");
        Assert.Contains("list", daemon.Log, StringComparison.Ordinal);
        Assert.Contains("ClusterRole", daemon.Log, StringComparison.Ordinal);

        _api.Heal();
        await daemon.UntilMeshKnownAsync("shop", "cart", seconds: 60);
        await ExactClient.RunAsync(_bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
    }

    [Fact]
    public async Task garbage_in_the_watch_costs_no_name()
    {
        using Site site = NodeSite.With(NodeSite.Kubernetes(_kubeconfig, ApiPod.Node));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        _api.Put(ApiPod.Of(pod));
        await daemon.UntilMeshKnownAsync("shop", "cart");

        _api.SendText("<html>502 Bad Gateway</html>\n");
        await ExactClient.RunAsync(_bed.Network, pod.SidecarUrl, Requests, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", Requests);
        RunningPod next = await _bed.StartMeshPodAsync("shop", "next");
        _api.Put(ApiPod.Of(next));

        await daemon.UntilMeshKnownAsync("shop", "next", seconds: 60);
    }

    [Fact]
    public async Task monitor_asks_the_API_of_the_kubeconfig_it_is_given_and_tells_all_it_found()
    {
        RunningPod pod = await _bed.StartMeshPodAsync("shop", "cart");
        _api.Put(ApiPod.Of(pod));
        using Site site = new();
        site.Install(Built.Accept, "Accept");
        site.WriteWithSources($"[sources.kubernetes]\nenabled = false\nnode_name = \"{ApiPod.Node}\"\n[sources.cri]\nendpoints = [\"{_bed.SocketPath}\"]\n[sources.docker]\nenabled = false\n[plugins.accept]");
        await using HostProcess monitor = HostProcess.Start(site, "monitor all", arguments: ["--pod", "cart", "--namespace", "shop", "--kubeconfig", _kubeconfig]);
        await monitor.UntilAsync(() => Task.FromResult(monitor.Output.Contains("[INFO] watching 2 of 2 containers", StringComparison.Ordinal)), "watching");
        monitor.Signal("INT");

        Assert.Equal(0, await monitor.ExitAsync());
        string[] lines = [.. monitor.Output.Split('\n').Where(line => line.StartsWith("[PREFLIGHT] ", StringComparison.Ordinal)).Select(line => line["[PREFLIGHT] ".Length..])];
        Assert.Contains($"source kubernetes: {_api.Url} (node {ApiPod.Node}, by {_kubeconfig}): 1 pods", lines);
        Assert.Contains(lines, line => line.StartsWith($"source cri: {_bed.SocketPath} (containerd 1.", StringComparison.Ordinal));
        Assert.Contains($"pod shop/cart: uid {pod.Uid}, ip {pod.Address}, host ip 10.222.0.1, owner StatefulSet/cart, told by kubernetes, cri, cgroupfs", lines);
        Assert.Contains(lines, line => line.StartsWith("container proxy: sidecar (shipped rule ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("container app: service (no rule matches), image pmoas.test/nginx:1.22, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_wrong_kubeconfig_is_one_sentence_and_exit_code_1_for_who_asked_for_it()
    {
        await File.WriteAllTextAsync(_kubeconfig, "this: is: no kubeconfig", TestContext.Current.CancellationToken);
        using Site site = NodeSite.With(NodeSite.Cri(_bed.SocketPath));
        await using HostProcess pods = HostProcess.Start(site, "pods", arguments: ["--kubeconfig", _kubeconfig]);

        Assert.Equal(1, await pods.ExitAsync());
        string line = Assert.Single(pods.Log.Trim().Split('\n'), line => line.Contains("source kubernetes", StringComparison.Ordinal));
        Assert.Contains(_kubeconfig, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", pods.Log, StringComparison.Ordinal);
    }
}
