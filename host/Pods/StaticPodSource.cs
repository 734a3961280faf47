using System.Threading.Channels;
using Pmoas.Host.Config;

namespace Pmoas.Host.Pods;

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

    /// <summary>Takes another list; it is published soon.</summary>
    public void Update(StaticSourceOptions options) => _lists.Writer.TryWrite(options);

    /// <inheritdoc/>
    public async Task RunAsync(Action<IReadOnlyList<PodSpec>> publish, CancellationToken stopping)
    {
        await foreach (StaticSourceOptions list in _lists.Reader.ReadAllAsync(stopping))
        {
            publish(Pods(list));
        }
    }

    /// <summary>The pods of a list.</summary>
    public static IReadOnlyList<PodSpec> Pods(StaticSourceOptions list) => [.. list.Pods.Select(Spec)];

    private static PodSpec Spec(StaticPod pod) => new(
        pod.Namespace, pod.Name, Uid: "", pod.Labels, Annotations: new Dictionary<string, string>(),
        [.. pod.Containers.Select(c => new ContainerSpec(c.Name, c.Image, c.Cgroup.TrimEnd('/'), c.Labels))]);
}
