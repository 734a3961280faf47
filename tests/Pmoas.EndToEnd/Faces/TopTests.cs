using System.Text.Json;
using Pmoas.EndToEnd.Http;
using Pmoas.Host.Demo;
using Pmoas.Host.Overview;
using Pmoas.Host.Top;
using Pmoas.KernelTests.ResourceUsage;

namespace Pmoas.EndToEnd.Faces;

/// <summary><c>pmoas top</c> over a real daemon.</summary>
public sealed class TopTests
{
    private const int Requests = 2000;

    [Fact]
    public async Task says_what_load_generator_and_cgroup_say()
    {
        await using SeenPod seen = await SeenPod.StartAsync(SeenPod.AllPlugins);
        using DaemonClient client = seen.Client();
        await Load.RunAsync(seen.Bed, 10, 1, keepAlive: false); // all containers are known
        await seen.Daemon.UntilAsync(async () => (await client.ScrapeAsync(default)).Pods.Count == 1, "the pod");
        await Task.Delay(500);

        double usedBefore = CgroupFiles.CpuSeconds(seen.Bed.Sidecar.CgroupPath);
        NodeTotals before = await client.ScrapeAsync(default);
        Load load = await Load.RunAsync(seen.Bed, Requests, 1, keepAlive: false);
        await Task.Delay(200); // the last close
        NodeOverview node = Comparison.Of(before, await client.ScrapeAsync(default));
        double used = CgroupFiles.CpuSeconds(seen.Bed.Sidecar.CgroupPath) - usedBefore;

        Assert.Equal((Requests, 0), (load.Complete, load.Failed));
        Assert.Equal(["accept", "resource_usage", "stack_trace"], node.Plugins);
        PodOverview pod = Assert.Single(node.Pods);
        Assert.Equal(seen.Name, $"{pod.Namespace}/{pod.Pod}");
        Assert.Equal([PodBed.SidecarName], pod.Sidecars);
        Assert.Equal(Requests, pod.Forward!.Count);
        Assert.Equal(Requests, pod.Handoff!.Count);
        Assert.Equal(Requests, pod.RequestsPerSecond!.Value * node.Seconds, 1e-6);
        Assert.Equal(0, pod.RetransmitsPerSecond);
        ContainerOverview proxy = pod.Containers[0];
        Assert.Equal(Requests, proxy.AcceptedPerSecond!.Value * node.Seconds, 1e-6);
        Assert.Equal(Requests, proxy.ConnectedPerSecond!.Value * node.Seconds, 1e-6);
        Assert.Equal(load.TransferredBytes, (proxy.SentBytesPerSecond - pod.Containers[1].ReceivedBytesPerSecond)!.Value * node.Seconds, 1e-3);
        Assert.InRange(pod.CpuCores!.Value * node.Seconds, used * 0.95, used * 1.05);
        Assert.InRange(pod.CpuShare!.Value, 0.05, 0.95);
        Assert.Equal(pod.CpuCores.Value / pod.Containers.Sum(one => one.CpuCores!.Value), pod.CpuShare.Value, 1e-9);
        Assert.Equal(
            ["outside request", "outside response", "inside request", "inside response"], pod.Legs.Select(leg => $"{leg.Leg} {leg.Direction}"));
        Assert.All(pod.Legs, leg => Assert.InRange(leg.Stages.Sum(stage => stage.Time.MeanSeconds), leg.Journey!.MeanSeconds * 0.98, leg.Journey.MeanSeconds * 1.02));
    }

    [Fact]
    public async Task in_a_pipe_it_prints_one_table_or_one_object_and_ends()
    {
        await using SeenPod seen = await SeenPod.StartAsync("Accept", "ResourceUsage");
        using DaemonClient client = seen.Client();
        await seen.Daemon.UntilAsync(async () => (await client.ScrapeAsync(default)).Pods.Count == 1, "the pod");

        string[] lines = (await OutputAsync(seen.Site, "--url", $"{seen.Address}")).Trim().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("POD ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"{seen.Name}  0.00", lines[1], StringComparison.Ordinal);

        JsonElement json = JsonDocument.Parse(await OutputAsync(seen.Site, "--json", "--url", $"{seen.Address}")).RootElement;
        Assert.Equal(seen.Bed.Name, json.GetProperty("pods")[0].GetProperty("pod").GetString());
        Assert.Equal(["accept", "resource_usage"], json.GetProperty("plugins").EnumerateArray().Select(plugin => plugin.GetString()));

        string within = await OutputAsync(seen.Site, "--pod", seen.Name, "--url", $"{seen.Address}");
        Assert.Contains($"{PodBed.SidecarName}", within, StringComparison.Ordinal);
        Assert.Contains($"{PodBed.ServiceName}", within, StringComparison.Ordinal);
        Assert.Single((await OutputAsync(seen.Site, "--filter", "nobody", "--url", $"{seen.Address}")).Trim().Split('\n'));
    }

    [Theory]
    [InlineData("token")]
    [InlineData("user")]
    public async Task it_gets_in_with_credentials_over_TLS(string way)
    {
        using SecuredSite site = new();
        site.Site.Write(site.Toml);
        await using HostProcess daemon = await site.RunAsync();
        string[] credentials = way == "token" ? ["--token-file", site.TokenFile] : ["--user-file", site.UserFile];

        string output = await OutputAsync(site.Site, ["--url", $"{site.Address}", "--ca-file", site.CertificateFile, .. credentials]);
        Assert.StartsWith("POD ", output, StringComparison.Ordinal);

        await using HostProcess without = HostProcess.Start(site.Site, "top", arguments: ["--url", $"{site.Address}", "--ca-file", site.CertificateFile]);
        Assert.Equal(1, await without.ExitAsync());
        Assert.Equal($"pmoas: the daemon at {site.Address} asks for credentials: name them with --token-file or --user-file.", without.Log.Trim());
        await using HostProcess stranger = HostProcess.Start(site.Site, "top", arguments: ["--url", $"{site.Address}", .. credentials]);
        Assert.Equal(1, await stranger.ExitAsync());
        Assert.Equal($"pmoas: the certificate of {site.Address} is not trusted: name the authority that signed it with --ca-file.", stranger.Log.Trim());
    }

    [Fact]
    public async Task without_a_daemon_it_says_so_and_exits_1()
    {
        using Site site = new();
        await using HostProcess top = HostProcess.Start(site, "top", arguments: ["--url", $"http://127.0.0.1:{site.Port}"]);

        Assert.Equal(1, await top.ExitAsync());
        Assert.Equal(
            $"pmoas: no daemon answers at http://127.0.0.1:{site.Port}/ (Connection refused (127.0.0.1:{site.Port})): start one with pmoas run, or name another with --url.",
            top.Log.Trim());
    }

    private static async Task<string> OutputAsync(Site site, params string[] arguments)
    {
        await using HostProcess top = HostProcess.Start(site, "top", arguments: arguments);
        int code = await top.ExitAsync();
        Assert.True(code == 0, $"pmoas top ended with {code}:\n{top.Log}");
        return top.Output;
    }
}
