using System.Text.Json;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>What a person sees of a real node: <c>pods --watch</c>, <c>monitor</c> and <c>check</c>.</summary>
[Collection(RealNodes.Name)]
public sealed class NodeVerbTests : IAsyncLifetime
{
    private const int Requests = 100;
    private ContainerdBed _bed = null!;
    private RunningPod _cart = null!;
    private Site _site = null!;

    public async ValueTask InitializeAsync()
    {
        _bed = await ContainerdBed.StartAsync();
        _cart = await _bed.StartMeshPodAsync("shop", "cart");
        _site = NodeSite.With(NodeSite.Cri(_bed.SocketPath));
    }

    public async ValueTask DisposeAsync()
    {
        _site.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task pods_watch_tells_what_is_there_and_each_container_that_appears_and_goes()
    {
        await using HostProcess pods = HostProcess.Start(_site, "pods", arguments: ["--watch", "-o", "json"]);
        await pods.UntilAsync(() => Task.FromResult(Lines(pods).Length == 2), "two containers listed");
        RunningPod ledger = await _bed.StartMeshPodAsync("bank", "ledger");
        await pods.UntilAsync(() => Task.FromResult(Lines(pods).Length == 4), "two more appeared");
        await _bed.StopPodAsync(ledger);
        await pods.UntilAsync(() => Task.FromResult(Lines(pods).Length == 6), "they are gone");
        pods.Signal("INT");

        Assert.Equal(0, await pods.ExitAsync());
        Assert.Equal(
            [
                "appeared bank/ledger/app service", "appeared bank/ledger/proxy sidecar", "gone bank/ledger/app service", "gone bank/ledger/proxy sidecar",
                "listed shop/cart/app service", "listed shop/cart/proxy sidecar",
            ],
            Lines(pods).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task pods_as_a_table_explains_who_told_and_what_decided()
    {
        await using HostProcess pods = HostProcess.Start(_site, "pods", arguments: ["--explain", "--namespace", "shop"]);

        Assert.Equal(0, await pods.ExitAsync());
        string[] lines = pods.Output.Trim().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches("^NAMESPACE +POD +CONTAINER +ROLE +IMAGE +PID +TOLD BY +WHY", lines[0]);
        Assert.Matches("^shop +cart +app +service +pmoas.test/nginx:1.22 +[0-9]+ → 1 +cri, cgroupfs +no rule matches", lines.Single(line => line.Contains(" app ", StringComparison.Ordinal)));
        Assert.Matches("^shop +cart +proxy +sidecar +pmoas.test/haproxy:2.6 +[0-9]+ → 1 +cri, cgroupfs +shipped rule ", lines.Single(line => line.Contains(" proxy ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("--pod", "cart")]
    [InlineData("--pod-label", "app=cart")]
    public async Task monitor_tells_before_it_begins_what_it_watches_and_then_every_event_of_that_pod(string option, string value)
    {
        RunningPod other = await _bed.StartMeshPodAsync("shop", "other");
        await using HostProcess monitor = HostProcess.Start(_site, "monitor socket", arguments: ["--json", option, value]);
        await monitor.UntilLogAsync("[INFO] watching 2 of 4 containers");
        await ExactClient.RunAsync(_bed.Network, _cart.SidecarUrl, Requests, keepAlive: false);
        await ExactClient.RunAsync(_bed.Network, other.SidecarUrl, Requests, keepAlive: false);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        monitor.Signal("INT");

        Assert.Equal(0, await monitor.ExitAsync());
        string[] pods = [.. monitor.Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("pod").GetString()!)];
        Assert.Equal(8 * Requests, pods.Length);
        Assert.All(pods, pod => Assert.Equal("cart", pod));
        int sidecar = await _bed.Cri.PidAsync(_cart.Containers[MeshPod.Sidecar].Id);
        Assert.Contains($"[PREFLIGHT] source cri: {_bed.SocketPath} (containerd ", monitor.Log, StringComparison.Ordinal);
        Assert.Contains($"[PREFLIGHT] pod shop/cart: uid {_cart.Uid}, ip {_cart.Address}, told by cri, cgroupfs\n", monitor.Log, StringComparison.Ordinal);
        Assert.Matches($@"\[PREFLIGHT\] container proxy: sidecar \(shipped rule \d+: name ""proxy"".*\), image pmoas.test/haproxy:2.6, (process|\d processes:) {sidecar} → 1[,\n]", monitor.Log);
        Assert.Matches(@"\[PREFLIGHT\] container app: service \(no rule matches\), image pmoas.test/nginx:1.22, 2 processes: \d+ → 1, \d+ → \d+\n", monitor.Log);
        Assert.Contains("[FINISHED]", monitor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task monitor_of_a_pod_that_is_not_there_names_those_that_are_and_exits_1()
    {
        await using HostProcess monitor = HostProcess.Start(_site, "monitor socket", arguments: ["--pod", "chart", "--namespace", "shop"]);

        Assert.Equal(1, await monitor.ExitAsync());
        string error = Assert.Single(monitor.Log.Trim().Split('\n'));
        Assert.Equal("pmoas: no pod called chart, in namespace shop runs on this node; known now: shop/cart/app, shop/cart/proxy.", error);
    }

    [Fact]
    public async Task monitor_of_a_name_in_two_namespaces_asks_which()
    {
        await _bed.StartMeshPodAsync("bank", "cart");
        await using HostProcess monitor = HostProcess.Start(_site, "monitor socket", arguments: ["--pod", "cart"]);

        Assert.Equal(1, await monitor.ExitAsync());
        Assert.Contains("2 pods are called cart: choose one with --namespace ", monitor.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task check_says_which_sources_answer_and_what_they_tell()
    {
        JsonElement findings = await HostProcess.JsonOfAsync(_site, "check");

        string[] lines = [.. findings.EnumerateArray().Select(finding => $"{finding.GetProperty("verdict")} {finding.GetProperty("what")}: {finding.GetProperty("text")}")];
        Assert.Contains(lines, line => line.StartsWith($"ok source cri: {_bed.SocketPath} (containerd ", StringComparison.Ordinal) && line.EndsWith(": 1 pods", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("ok source cgroupfs: /sys/fs/cgroup", StringComparison.Ordinal));
        Assert.Contains("ok pods: 1 with 2 containers, 1 of them sidecars", lines);
        Assert.Contains(lines, line => line.StartsWith("ok pid namespace", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("ok plugin accept accept", StringComparison.Ordinal));
    }

    private static string[] Lines(HostProcess pods) =>
    [
        .. pods.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(line =>
        {
            JsonElement container = line.GetProperty("container");
            return $"{line.GetProperty("event")} {container.GetProperty("namespace")}/{container.GetProperty("pod")}/{container.GetProperty("container")} {container.GetProperty("role")}";
        }),
    ];
}
