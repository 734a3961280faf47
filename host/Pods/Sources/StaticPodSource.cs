using System.Threading.Channels;
using Pmoas.Host.Config;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources;

/// <summary>Pods declared by hand in <c>[[sources.static.pods]]</c>: any group of processes on any Linux machine. Thread-safe.</summary>
internal sealed class StaticPodSource : IPodSource
{
    // Only the newest list counts.
    private readonly Channel<Told> _lists = Channel.CreateBounded<Told>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }, static dropped => dropped.Done.TrySetResult());

    /// <summary>A source that starts with this list.</summary>
    public StaticPodSource(StaticSourceOptions options) => _ = UpdateAsync(options);

    /// <inheritdoc/>
    public string Name => "static";

    /// <inheritdoc/>
    public string Endpoint => "pmoas.toml";

    /// <summary>Takes another list; completes when it is published, by <see cref="RunAsync"/>.</summary>
    public Task UpdateAsync(StaticSourceOptions options)
    {
        Told told = new(options, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _lists.Writer.TryWrite(told);
        return told.Done.Task;
    }

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        await foreach (Told told in _lists.Reader.ReadAllAsync(stopping))
        {
            try
            {
                outlet.Publish(Pods(told.List));
            }
            finally
            {
                told.Done.TrySetResult();
            }
        }
    }

    /// <summary>The pods of a list.</summary>
    public static IReadOnlyList<PodSpec> Pods(StaticSourceOptions list) => [.. list.Pods.Select(Spec)];

    private static PodSpec Spec(StaticPod pod) => new(
        pod.Namespace, pod.Name, Uid: "", pod.Labels, Annotations: PodSpec.NoLabels,
        [.. pod.Containers.Select(c => Spec(c))])
    { IsComplete = false };

    /// <summary>With the runtime's id where the path tells it: so one that ended before it was declared gets its name too.</summary>
    private static ContainerSpec Spec(StaticContainer container)
    {
        string cgroup = container.Cgroup.TrimEnd('/');
        return new ContainerSpec(container.Name, container.Image, cgroup, container.Labels) { Id = ContainerCgroup.Parse(cgroup)?.Id ?? "" };
    }

    private readonly record struct Told(StaticSourceOptions List, TaskCompletionSource Done);
}
