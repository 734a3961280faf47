using System.Threading.Channels;
using Pmoas.Host.Config;

namespace Pmoas.Host.Pods.Sources;

/// <summary>Pods declared by hand in <c>[[sources.static.pods]]</c>: any group of processes on any Linux machine. Thread-safe.</summary>
internal sealed class StaticPodSource : IPodSource
{
    // Only the newest list counts.
    private readonly Channel<StaticSourceOptions> _lists =
        Channel.CreateBounded<StaticSourceOptions>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>A source that starts with this list.</summary>
    public StaticPodSource(StaticSourceOptions options) => Update(options);

    /// <inheritdoc/>
    public string Name => "static";

    /// <inheritdoc/>
    public string Endpoint => "pmoas.toml";

    /// <summary>Takes another list; it is published soon.</summary>
    public void Update(StaticSourceOptions options) => _lists.Writer.TryWrite(options);

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        await foreach (StaticSourceOptions list in _lists.Reader.ReadAllAsync(stopping))
        {
            outlet.Publish(Pods(list));
        }
    }

    /// <summary>The pods of a list.</summary>
    public static IReadOnlyList<PodSpec> Pods(StaticSourceOptions list) => [.. list.Pods.Select(Spec)];

    private static PodSpec Spec(StaticPod pod) => new(
        pod.Namespace, pod.Name, Uid: "", pod.Labels, Annotations: PodSpec.NoLabels,
        [.. pod.Containers.Select(c => new ContainerSpec(c.Name, c.Image, c.Cgroup.TrimEnd('/'), c.Labels))])
    { IsComplete = false };
}
