using System.Text.Json;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>What the tests on real runtimes ask of the daemon.</summary>
internal static class NodeSite
{
    /// <summary>The daemon with Accept and these sources.</summary>
    public static Site With(string sources)
    {
        Site site = new();
        site.Install(Built.Accept, "Accept");
        site.WriteWithSources($"{sources}\n[plugins.accept]");
        return site;
    }

    /// <summary>Only this CRI runtime, and the cgroups.</summary>
    public static string Cri(string socket) =>
        $"[sources.kubernetes]\nenabled = false\n[sources.cri]\nendpoints = [\"{socket}\"]\n[sources.docker]\nenabled = false";

    /// <summary>Only this Docker, and the cgroups.</summary>
    public static string Docker(string socket) =>
        $"[sources.kubernetes]\nenabled = false\n[sources.cri]\nenabled = false\n[sources.docker]\nendpoints = [\"{socket}\"]";

    /// <summary>This API server and no runtime: ids and cgroups, named by the API.</summary>
    public static string Kubernetes(string kubeconfig, string node) =>
        $"[sources.kubernetes]\nenabled = true\nkubeconfig = \"{kubeconfig}\"\nnode_name = \"{node}\"\n[sources.cri]\nenabled = false\n[sources.docker]\nenabled = false";

    /// <summary>Waits until the container is listed under these names in this role.</summary>
    public static Task UntilKnownAsync(this HostProcess daemon, string podNamespace, string pod, string container, string role, int seconds = 20) => daemon.UntilAsync(
        async () => Scrape.Parse(await daemon.MetricsAsync()).Find("pmoas_accept_accepted_total", Of(podNamespace, pod, container, role)).Any(),
        $"{podNamespace}/{pod}/{container} as {role}", seconds);

    /// <summary>Waits until both containers of a mesh pod are listed.</summary>
    public static async Task UntilMeshKnownAsync(this HostProcess daemon, string podNamespace, string pod, int seconds = 20)
    {
        await daemon.UntilKnownAsync(podNamespace, pod, MeshPod.Sidecar, "sidecar", seconds);
        await daemon.UntilKnownAsync(podNamespace, pod, MeshPod.Service, "service", seconds);
    }

    /// <summary>
    /// Waits until each connection of so many requests, one after the other and each with connections of its own, is counted where it
    /// belongs, and asserts that nothing is counted beside.
    /// </summary>
    public static async Task AssertMeshCountedAsync(
        this HostProcess daemon, string podNamespace, string pod, int requests, string sidecar = MeshPod.Sidecar, string service = MeshPod.Service)
    {
        (string, string)[] proxy = Of(podNamespace, pod, sidecar, "sidecar");
        (string, string)[] app = Of(podNamespace, pod, service, "service");
        var scrape = Scrape.Parse(await daemon.MetricsAsync());
        for (long end = Environment.TickCount64 + 20_000; !IsOver(scrape) && Environment.TickCount64 < end; await Task.Delay(50))
        {
            scrape = Scrape.Parse(await daemon.MetricsAsync());
        }

        Assert.True(IsOver(scrape), $"20 s, and {requests} requests are not over:\n{Counts(scrape, podNamespace, pod)}");
        Assert.Equal(requests, scrape.Sum("pmoas_accept_accepted_total", proxy));
        Assert.Equal(requests, scrape.Sum("pmoas_accept_connected_total", [.. proxy, ("result", "ok")]));
        Assert.Equal(requests, scrape.Sum("pmoas_accept_connected_total", proxy));
        Assert.Equal(2 * requests, scrape.Sum("pmoas_accept_closed_total", proxy));
        Assert.Equal(requests, scrape.Sum("pmoas_accept_accepted_total", app));
        Assert.Equal(requests, scrape.Sum("pmoas_accept_closed_total", app));
        Assert.Equal(0, scrape.Sum("pmoas_accept_connected_total", app));
        Assert.Equal(requests, scrape.Histogram("pmoas_accept_forward_seconds", proxy).Count);
        Assert.Equal(requests, scrape.Histogram("pmoas_accept_handoff_seconds", app).Count);

        // Nothing of the pod is counted under another name.
        Assert.Equal(2 * requests, scrape.Sum("pmoas_accept_accepted_total", [("namespace", podNamespace), ("pod", pod)]));

        bool IsOver(Scrape now) =>
            now.Sum("pmoas_accept_closed_total", proxy) >= 2 * requests && now.Sum("pmoas_accept_closed_total", app) >= requests;
    }

    /// <summary>What a pod's counters say, and what the daemon says of its losses: for a test that failed.</summary>
    private static string Counts(Scrape scrape, string podNamespace, string pod) => string.Join('\n', scrape.Samples
        .Where(sample => sample.Value != 0 && !sample.Name.EndsWith("_bucket", StringComparison.Ordinal)
            && ((sample.Labels.GetValueOrDefault("namespace") == podNamespace && sample.Labels.GetValueOrDefault("pod") == pod)
                || sample.Name.Contains("skipped", StringComparison.Ordinal) || sample.Name.Contains("lost", StringComparison.Ordinal)))
        .Select(sample => $"{sample.Name}{{{string.Join(',', sample.Labels.Values)}}} {sample.Value}"));

    /// <summary>The labels of a container.</summary>
    public static (string Name, string Value)[] Of(string podNamespace, string pod, string container, string role) =>
        [("namespace", podNamespace), ("pod", pod), ("container", container), ("role", role)];

    /// <summary>The row of a container in the JSON of <c>pmoas pods</c>.</summary>
    public static JsonElement Row(this JsonElement rows, string pod, string container) =>
        rows.EnumerateArray().Single(row => row.GetProperty("pod").GetString() == pod && row.GetProperty("container").GetString() == container);
}
