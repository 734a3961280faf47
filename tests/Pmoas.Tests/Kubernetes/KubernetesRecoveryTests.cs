using Pmoas.Host.Pods.Sources;
using Pmoas.Tests.Pods;
using Pmoas.Tests.Pods.Sources;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubernetesRecoveryTests
{
    [Fact]
    public async Task a_server_that_was_gone_and_is_back_is_found_again_by_itself_without_a_list()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        using PretendNode node = new();
        RecordedLog log = new();
        lab.Api.Put(Pod("web"));
        await using SourceRun run = new(lab.Source(), 1, true, node.Pods, log, TimeProvider.System);
        await lab.WatchedAsync();
        Assert.Equal((true, 1, 0L), (run.Status.IsUp, run.Status.Pods, run.Status.Failures));

        await lab.Api.GoAwayAsync();
        await KubernetesLab.UntilAsync(() => run.Status.Failures >= 2, seconds: 20);
        string sentence =
            $"The API server {lab.Api.Url} cannot be reached (Connection refused): see whether it runs, and whether {lab.Kubeconfig} names the right server.";
        Assert.Equal((false, sentence, 1), (run.Status.IsUp, run.Status.Problem, run.Status.Pods));
        Assert.Equal(["web"], node.Pods.Pods.Select(pod => pod.Name));

        lab.Api.Put(Pod("db"));
        await lab.Api.ComeBackAsync();
        await KubernetesLab.UntilAsync(() => run.Status.IsUp && run.Status.Pods == 2, seconds: 20);

        Assert.Equal(
            [
                $"Warning: Source kubernetes at {lab.Api.Url} does not tell pods now; what it told stays: {sentence}",
                $"Information: Source kubernetes at {lab.Api.Url} answers again",
            ],
            log.Lines);
        Assert.Equal(("", 1), (run.Status.Problem, lab.Api.Traffic.Lists));
    }

    [Fact]
    public async Task a_server_that_was_gone_for_long_is_asked_for_a_list()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        lab.Options.WatchTimeout = TimeSpan.FromSeconds(1);
        using PretendNode node = new();
        lab.Api.Put(Pod("web"));
        await using SourceRun run = new(lab.Source(), 1, true, node.Pods, new RecordedLog(), TimeProvider.System);
        await lab.WatchedAsync();

        await lab.Api.GoAwayAsync();
        await KubernetesLab.UntilAsync(() => run.Status is { IsUp: false, Age.TotalSeconds: > 1.2 }, seconds: 20);
        await lab.Api.ComeBackAsync();
        await KubernetesLab.UntilAsync(() => run.Status.IsUp, seconds: 20);

        Assert.Equal(2, lab.Api.Traffic.Lists);
    }

    [Fact]
    public async Task it_stops_at_once_in_the_midst_of_a_watch()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        using PretendNode node = new();
        SourceRun run = new(lab.Source(), 1, true, node.Pods, new RecordedLog(), TimeProvider.System);
        await lab.WatchedAsync();

        await run.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        await KubernetesLab.UntilAsync(() => lab.Api.Traffic.OpenWatches == 0, seconds: 20);
    }
}
