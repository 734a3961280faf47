using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.FakeKubernetes;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources.Kubernetes;
using Pmoas.Tests.Pods;

namespace Pmoas.Tests.Kubernetes;

/// <summary>A pretended API server, a kubeconfig for it, and a source that runs against it.</summary>
internal sealed class KubernetesLab : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-kubernetes-").FullName;
    private Task _run = Task.CompletedTask;

    private KubernetesLab(FakeKubernetesApi api)
    {
        Api = api;
        api.AddNode(KubePods.Node);
        api.WriteKubeconfig(Kubeconfig);
        Options = new KubernetesSourceOptions { Kubeconfig = Kubeconfig, NodeName = KubePods.Node, WatchTimeout = TimeSpan.FromMinutes(1) };
    }

    public FakeKubernetesApi Api { get; }

    public string Kubeconfig => Path("kubeconfig");

    public KubernetesSourceOptions Options { get; }

    public PublishedPods Published { get; } = new();

    public static async Task<KubernetesLab> StartAsync() => new(await FakeKubernetesApi.StartAsync());

    public string Path(string name) => System.IO.Path.Combine(_directory, name);

    public KubernetesSource Source(ApiPlaces? places = null) => places is null
        ? new KubernetesSource(Options, NullLogger.Instance, TimeProvider.System)
        : new KubernetesSource(Options, places, NullLogger.Instance, TimeProvider.System);

    /// <summary>Runs a source until the lab is torn down; its end, if it ends before, is the task.</summary>
    public Task Run(KubernetesSource? source = null) => _run = (source ?? Source()).RunAsync(Published, _stopping.Token);

    /// <summary>Runs a source, and takes the sentence it ends with.</summary>
    public async Task<string> ProblemAsync(KubernetesSource? source = null) =>
        (await Assert.ThrowsAsync<Host.Pods.Sources.SourceException>(() => Run(source).WaitAsync(TimeSpan.FromSeconds(20)))).Message;

    /// <summary>Waits until so many watches were begun, and one is open; fails when the source ends before.</summary>
    public async Task WatchedAsync(int watches = 1)
    {
        Task watched = Api.Traffic.WatchedAsync(watches);
        await await Task.WhenAny(_run, watched);
        await watched;
    }

    /// <summary>Waits until the source has the answer to its watch: a connection that is cut before tells it that the server cannot be reached, which ends it.</summary>
    public async Task FollowedAsync()
    {
        await WatchedAsync();
        await UntilAsync(() => Published.Signs > 0 || _run.IsCompleted);
        Assert.False(_run.IsCompleted, "the source has ended");
    }

    /// <summary>Waits until it is so, and fails when that takes too long.</summary>
    public static async Task UntilAsync(Func<bool> holds, int seconds = 10)
    {
        for (int i = 0; i < 100 * seconds && !holds(); i++)
        {
            await Task.Delay(10);
        }
        Assert.True(holds());
    }

    /// <summary>Waits until a list of exactly these pods is published.</summary>
    public Task<IReadOnlyList<PodSpec>> PodsAsync(params string[] names) =>
        Published.NextAsync(pods => pods.Select(pod => pod.Name).Order().SequenceEqual(names.Order()));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Api.DisposeAsync();
        _stopping.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
