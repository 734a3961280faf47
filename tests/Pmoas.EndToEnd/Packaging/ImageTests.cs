using System.Net.Sockets;
using System.Text.RegularExpressions;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Docker;
using Pmoas.Beds.Pods;
using Pmoas.EndToEnd.Pods;
using Pmoas.Host.Daemon;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>What <c>make image</c> made, in a real containerd, as the DaemonSet runs it.</summary>
[Collection(RealNodes.Name)]
public sealed partial class ImageTests : IDisposable
{
    private const int Requests = 100;
    private readonly Site _site = new();
    private readonly string _logs;

    public ImageTests() => _logs = Directory.CreateDirectory(Path.Combine(_site.Folder, "logs")).FullName;

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task runs_with_the_rights_and_mounts_of_the_DaemonSet_and_counts_every_request_of_a_pod()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        Manifests manifests = await Manifests.KustomizeAsync(Path.Combine(Built.Kubernetes, "base"));
        // Its own configuration, but for the cluster that is not there.
        string config = Directory.CreateDirectory(Path.Combine(_site.Folder, "config")).FullName;
        string toml = manifests.Config.Data["pmoas.toml"];
        Assert.Contains("[sources.kubernetes]\nenabled = true\n", toml, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(config, "pmoas.toml"), toml.Replace("enabled = true", "enabled = false", StringComparison.Ordinal), stop);

        string image = $"docker.io/library/pmoas:{BuildVersion.Host}";
        await using ContainerdBed bed = await ContainerdBed.StartAsync(stop);
        await bed.ImportAsync(Built.Image, image, stop);
        RunningPod mesh = await bed.StartMeshPodAsync("shop", "cart");

        RunningPod check = await bed.StartPodAsync(DaemonSetPod.Request(manifests, config, _logs, image, "check"));
        int code = await bed.Cri.UntilExitedAsync(check.Containers["pmoas"].Id, stop);
        Assert.True(code == 0, Log());
        // What works less well there works less well outside of containers too: it is the kernel's.
        string outside = await Subprocess.RunAsync(
            Built.Host, ["check", "--config", Path.Combine(config, "pmoas.toml"), "--plugins", Built.Plugins], stop);
        Assert.Empty(Degraded(Log()).Except(Degraded(outside)));
        await bed.StopPodAsync(check);

        RunningPod daemon = await bed.StartPodAsync(DaemonSetPod.Request(manifests, config, _logs, image));
        using HttpClient node = new(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                Socket socket = await bed.Network.RunAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri($"http://{daemon.Address}:{manifests.Container.Ports.Single().ContainerPort}") };
        await UntilAsync(async () => await SaysAsync(node, manifests.Container.ReadinessProbe.HttpGet.Path) == "ok\n", "ready");
        Assert.Equal("ok\n", await SaysAsync(node, manifests.Container.LivenessProbe.HttpGet.Path));
        Assert.Equal("ok\n", await SaysAsync(node, manifests.Container.StartupProbe.HttpGet.Path));

        (string, string)[] proxy = NodeSite.Of("shop", "cart", MeshPod.Sidecar, "sidecar"), app = NodeSite.Of("shop", "cart", MeshPod.Service, "service");
        await UntilAsync(async () => Scrape.Parse(await node.GetStringAsync("/metrics", stop)).Find("pmoas_accept_accepted_total", proxy).Any(), "the pod by its name");
        await ExactClient.RunAsync(bed.Network, mesh.SidecarUrl, Requests, keepAlive: false);
        await UntilAsync(async () => Scrape.Parse(await node.GetStringAsync("/metrics", stop)).Sum("pmoas_accept_closed_total", proxy) == 2 * Requests, "every connection closed");
        var scrape = Scrape.Parse(await node.GetStringAsync("/metrics", stop));
        Assert.Equal(Requests, scrape.Sum("pmoas_accept_accepted_total", proxy));
        Assert.Equal(Requests, scrape.Sum("pmoas_accept_accepted_total", app));
        Assert.True(scrape.Sum("pmoas_resource_usage_cpu_seconds_total", app) > 0);
        Assert.Equal(1, scrape.Sum("pmoas_plugin_state", ("plugin", "resource_usage"), ("state", "running")));

        // An edit of the ConfigMap is taken without a restart.
        await File.AppendAllTextAsync(Path.Combine(config, "pmoas.toml"), "enabled = false\n", stop);
        await UntilAsync(async () => Scrape.Parse(await node.GetStringAsync("/metrics", stop)).Sum("pmoas_plugin_state", ("plugin", "resource_usage"), ("state", "stopped")) == 1, "the edit");
        await bed.StopPodAsync(daemon);
        Assert.DoesNotContain("unhandled", Log(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Docker_loads_it_and_runs_it()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        await using DockerBed bed = await DockerBed.StartAsync(stop);
        Assert.Equal($"Loaded image: pmoas:{BuildVersion.Host}", await bed.Docker.RunAsync(["load", "--quiet", "--input", Built.Image], stop));
        Assert.StartsWith(BuildVersion.Host, await bed.Docker.RunAsync(["run", "--rm", "--network", "none", $"pmoas:{BuildVersion.Host}", "--version"], stop), StringComparison.Ordinal);
    }

    private async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (long end = Environment.TickCount64 + 30_000; !await condition(); await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            Assert.True(Environment.TickCount64 < end, $"30 s without {what}:\n{Log()}");
        }
    }

    private static async Task<string?> SaysAsync(HttpClient node, string path)
    {
        try
        {
            return await node.GetStringAsync(path, TestContext.Current.CancellationToken);
        }
        catch (HttpRequestException)
        {
            return null; // not yet
        }
    }

    /// <summary>What a check says works with less: the finding's name.</summary>
    private static IEnumerable<string> Degraded(string check) => DegradedLine().Matches(check).Select(line => line.Groups[1].Value);

    /// <summary>What the containers printed.</summary>
    private string Log() => string.Join('\n', Directory.EnumerateFiles(_logs).Order(StringComparer.Ordinal).Select(File.ReadAllText));

    [GeneratedRegex("(?:^| )degraded  (.*?)  ", RegexOptions.Multiline)]
    private static partial Regex DegradedLine();
}
