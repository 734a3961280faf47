using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Keeps the kernel's tags of containers those they should have. A cgroup carries one tag: when it passes from one container to another,
/// as when a runtime inside a container makes a container of its own, whoever had it before does not take the new tag away.
/// Guarded by the lock of <see cref="PodDirectory"/>.
/// </summary>
internal sealed class KernelTags(IKernelIdentity kernel, ILogger log)
{
    private readonly Dictionary<ulong, Held> _held = [];

    /// <summary>Number of cgroups that carry a tag.</summary>
    public int Count => _held.Count;

    /// <summary>Has the kernel tag new containers by itself, or no more.</summary>
    public void TagNew(bool on) => kernel.TagNewContainers(on);

    /// <summary>The ids that the kernel gave the container of a new cgroup; null when it gave none, or they were taken over.</summary>
    public GivenIds? GivenTo(Cgroup cgroup) => Ask(() => kernel.GivenTo(cgroup.Inode), null);

    /// <summary>Takes over the ids of a new cgroup's container; null when the kernel gave none.</summary>
    public GivenIds? TakeOver(Cgroup cgroup) => GivenTo(cgroup) is { } given ? TakeOver(given) : null;

    /// <summary>Takes over those of containers whose cgroups are gone already.</summary>
    public IReadOnlyList<GivenIds> TakeOverGone()
    {
        IReadOnlyList<GivenIds> gone = Ask(kernel.GivenToGone, []);
        foreach (GivenIds given in gone)
        {
            TakeOver(given);
        }
        return gone;
    }

    /// <summary>Takes the tags of cgroups away that the container no longer has.</summary>
    public void Release(TrackedContainer container)
    {
        if (container.Tagged.All(inode => container.Cgroups.Any(c => c.Inode == inode)))
        {
            return;
        }
        foreach (ulong inode in container.Tagged.Where(inode => container.Cgroups.All(c => c.Inode != inode)).ToArray())
        {
            container.Tagged.Remove(inode);
            if (_held.TryGetValue(inode, out Held? held) && held.Owner == container)
            {
                _held.Remove(inode);
                Tell(held.Tag, () => kernel.Untag(held.Tag));
            }
        }
    }

    /// <summary>Tags each cgroup the container has now, anew when its id, pod or role changed.</summary>
    public void Bring(TrackedContainer container)
    {
        foreach (Cgroup cgroup in container.Cgroups)
        {
            Container tag = container.Running! with { CgroupId = cgroup.Inode, CgroupPath = cgroup.Path };
            bool same = _held.TryGetValue(cgroup.Inode, out Held? held) && held.Owner == container
                && held.Tag.Id == tag.Id && held.Tag.Role == tag.Role && held.Tag.PodId == tag.PodId;
            if (!same && Tell(tag, () => kernel.Tag(tag)))
            {
                _held[cgroup.Inode] = new Held(container, tag); // not enrolled: sockets that are open carry the tag from before
                container.Tagged.Add(cgroup.Inode);
                if (container.PodCgroup is { } pod && cgroup == container.Cgroups[0])
                {
                    Tell(tag, () => kernel.TagPodCgroup(pod.Inode, container.PodId)); // what is made beside it later is of the same pod
                }
            }
        }
    }

    /// <summary>True when the sockets that the cgroup's processes hold have been tagged since it got its tag.</summary>
    public bool IsEnrolled(Cgroup cgroup) => _held.TryGetValue(cgroup.Inode, out Held? held) && held.IsEnrolled;

    /// <summary>Tags the sockets that the processes of a cgroup hold; once for each tag.</summary>
    public void Enrol(Cgroup cgroup, IReadOnlyCollection<int> processes)
    {
        if (processes.Count > 0 && _held.TryGetValue(cgroup.Inode, out Held? held) && !held.IsEnrolled)
        {
            held.IsEnrolled = true;
            foreach (int pid in processes)
            {
                Tell(held.Tag, () => kernel.Enrol(pid, held.Tag));
            }
        }
    }

    private GivenIds TakeOver(GivenIds given) => Ask(
        () =>
        {
            kernel.TakeOver(given);
            return given;
        },
        given);

    private T Ask<T>(Func<T> what, T otherwise)
    {
        try
        {
            return what();
        }
        catch (BpfException e)
        {
            log.LogError("The tags of new containers cannot be read, so what they did first is counted for nobody: {Reason}", e.Message);
            return otherwise;
        }
    }

    /// <returns>False when the kernel refused.</returns>
    private bool Tell(Container tag, Action what)
    {
        try
        {
            what();
            return true;
        }
        catch (BpfException e)
        {
            log.LogError("Container {Namespace}/{Pod}/{Container}: the kernel did not take the tag of cgroup {Path}, so its numbers are wrong: {Reason}",
                tag.Namespace, tag.Pod, tag.Name, tag.CgroupPath, e.Message);
            return false;
        }
    }

    private sealed class Held(TrackedContainer owner, Container tag)
    {
        internal TrackedContainer Owner { get; } = owner;

        internal Container Tag { get; } = tag;

        internal bool IsEnrolled { get; set; }
    }
}
