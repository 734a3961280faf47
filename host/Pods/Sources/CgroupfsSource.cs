using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// Pods by the paths of their cgroups alone: they tell a container's id and mostly its pod's UID, no names. It is the first to know of a
/// container, so that it can be tagged before it does anything.
/// </summary>
internal sealed class CgroupfsSource(CgroupTree tree, CgroupEvents events, PodDirectory directory) : IPodSource
{
    private readonly Dictionary<string, ContainerCgroup> _found = [];

    /// <inheritdoc/>
    public string Name => "cgroupfs";

    /// <inheritdoc/>
    public string Endpoint => tree.Root;

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        _found.Clear();
        bool first = true;
        directory.TagNewContainers(true); // before the list of what there is: nothing comes between
        try
        {
            using IDisposable subscription = events.Subscribe(batch =>
            {
                if (Take(batch) || first)
                {
                    first = false;
                    outlet.Publish(Pods());
                }
            });
            // No news is good news: the events come by themselves.
            using PeriodicTimer heartbeat = new(TimeSpan.FromSeconds(10));
            while (await heartbeat.WaitForNextTickAsync(stopping))
            {
                outlet.Alive();
            }
        }
        finally
        {
            directory.TagNewContainers(false);
        }
    }

    /// <returns>True when there is another container, or one fewer.</returns>
    private bool Take(IReadOnlyList<CgroupEvent> batch)
    {
        bool changed = false;
        HashSet<string> begun = [];
        foreach (CgroupEvent one in batch)
        {
            if (one.IsGone)
            {
                if (_found.Remove(one.Path, out ContainerCgroup container))
                {
                    changed = true;
                    if (begun.Remove(one.Path))
                    {
                        directory.Miss(container.Id);
                    }
                }
            }
            else if (ContainerCgroup.Parse(one.Path) is { } begins)
            {
                _found[one.Path] = begins;
                begun.Add(one.Path);
                changed = true;
            }
        }
        return changed;
    }

    private PodSpec[] Pods() =>
    [
        .. _found.GroupBy(found => found.Value.PodUid.Length > 0 ? found.Value.PodUid : found.Key).Select(pod =>
            PodSpec.OfCgroups(pod.First().Value.PodUid, [.. pod.Select(found => ContainerSpec.OfCgroup(found.Key, found.Value.Id))])),
    ];
}
