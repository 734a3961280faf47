using System.Globalization;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Images;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Pods;

/// <summary>Pods that come and go by the hundred while traffic runs: none missed, none left, every count exact.</summary>
[Collection(RealNodes.Name)]
public sealed class ChurnTests
{
    private const int Pods = 300;
    private const int InParallel = 2; // more does not make containerd quicker on two cores
    private const int Connections = 5;
    private const int RequestsATime = 100;

    [Fact]
    public async Task three_hundred_pods_come_and_go_while_traffic_runs()
    {
        await using ContainerdBed bed = await ContainerdBed.StartAsync();
        using ByteServer server = await ByteServer.StartAsync(bed.Network);

        // What ended stays readable until the test has read it.
        using Site site = NodeSite.With("[daemon]\ncontainer_linger = \"1h\"\n" + NodeSite.Cri(bed.SocketPath));
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        RunningPod mesh = await bed.StartMeshPodAsync("shop", "cart");
        await daemon.UntilMeshKnownAsync("shop", "cart");
        await ExactClient.RunAsync(bed.Network, mesh.SidecarUrl, RequestsATime, keepAlive: false);
        await daemon.AssertMeshCountedAsync("shop", "cart", RequestsATime);
        await daemon.UntilMetricAsync("pmoas_containers_nameless 0");

        // Two were seen once, of a pod that has one: most likely its sandbox, looked at before it was in its own.
        await daemon.UntilAsync(async () => Entries(Scrape.Parse(await daemon.MetricsAsync()), "pmoas_pods") == 1, "the pod has one network namespace");
        var before = Scrape.Parse(await daemon.MetricsAsync());

        using CancellationTokenSource over = new();
        Task<int> traffic = TrafficAsync(bed, mesh, over.Token);
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, InParallel).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= Pods)
            {
                await LiveAsync(bed, server.Port, number);
            }
        })));
        await over.CancelAsync();
        int requests = RequestsATime + await traffic;

        await daemon.UntilMetricAsync("pmoas_containers_nameless 0");
        await daemon.AssertMeshCountedAsync("shop", "cart", requests);
        var after = Scrape.Parse(await daemon.MetricsAsync());
        Assert.Equal([], after.Find("pmoas_accept_connected_total", ("namespace", "unknown")).Where(sample => sample.Value > 0)
            .Select(sample => $"{string.Join(' ', sample.Labels.Values)} {sample.Value}"));
        Assert.Equal(
            Enumerable.Range(1, Pods).Select(number => $"{PodName(number)} {Connections}"),
            after.Find("pmoas_accept_connected_total", ("namespace", "churn"), ("container", "client"), ("role", "service"), ("result", "ok"))
                .Select(sample => string.Create(CultureInfo.InvariantCulture, $"{sample.Labels["pod"]} {sample.Value}")).Order(StringComparer.Ordinal));
        Assert.Equal(0, after.Sum("pmoas_containers_missed_total"));
        Assert.Equal(Entries(before, "pmoas_containers"), Entries(after, "pmoas_containers"));
        Assert.Equal(Entries(before, "pmoas_pods"), Entries(after, "pmoas_pods"));
        Assert.Equal(before.Sum("pmoas_tagged_cgroups"), after.Sum("pmoas_tagged_cgroups"));

        // Their series end with the linger time, and with them their entries.
        await File.WriteAllTextAsync(
            site.Config, (await File.ReadAllTextAsync(site.Config)).Replace("container_linger = \"1h\"", "container_linger = \"0s\"", StringComparison.Ordinal));
        await daemon.UntilAsync(
            async () => Scrape.Parse(await daemon.MetricsAsync()) is { } now && !now.Find("pmoas_accept_connected_total", ("namespace", "churn")).Any()
                && Entries(now, "totals") == Entries(before, "totals"),
            "the series and the entries of the ended are gone");
    }

    private static string PodName(int number) => string.Create(CultureInfo.InvariantCulture, $"pod-{number:000}");

    /// <summary>A pod's life: every third ends as soon as it has connected, the others some time after.</summary>
    private static async Task LiveAsync(ContainerdBed bed, int port, int number)
    {
        string[] arguments = ["127.0.0.1", $"{port}", $"{Connections}", number % 3 == 0 ? "0" : "150"];
        RunningPod pod = await bed.StartPodAsync(new PodRequest
        {
            Namespace = "churn",
            Name = PodName(number),
            HostNetwork = true,
            Containers = [new ContainerRequest { Name = "client", Image = OfflineImage.Client, Args = arguments }],
        });
        await bed.Cri.UntilExitedAsync(pod.Containers["client"].Id);
        await bed.StopPodAsync(pod);
    }

    /// <returns>Requests made.</returns>
    private static async Task<int> TrafficAsync(ContainerdBed bed, RunningPod mesh, CancellationToken over)
    {
        int requests = 0;
        while (!over.IsCancellationRequested)
        {
            requests += (await ExactClient.RunAsync(bed.Network, mesh.SidecarUrl, RequestsATime, keepAlive: false)).Requests;
            await Task.Delay(500, CancellationToken.None); // the two cores are containerd's
        }

        return requests;
    }

    private static double Entries(Scrape scrape, string map) => scrape.Find("pmoas_map_entries", ("plugin", "accept"), ("map", map)).Single().Value;
}
