using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>Keeps the kernel's tags of containers those they should have. Guarded by the lock of <see cref="PodDirectory"/>.</summary>
internal sealed class KernelTags(IKernelIdentity kernel, ILogger log)
{
    /// <summary>Takes the tags of cgroups away that the container no longer has. Comes before any <see cref="Bring"/>: another container may have them now.</summary>
    public void Release(TrackedContainer container)
    {
        foreach ((ulong inode, Container tag) in container.Tagged.Where(t => container.Cgroups.All(c => c.Inode != t.Key)).ToArray())
        {
            container.Tagged.Remove(inode);
            container.Enrolled.Remove(inode);
            Ask(tag, () => kernel.Untag(tag));
        }
    }

    /// <summary>Tags each cgroup the container has now, anew when its id or role changed.</summary>
    public void Bring(TrackedContainer container)
    {
        foreach (Cgroup cgroup in container.Cgroups)
        {
            Container tag = container.Running! with { CgroupId = cgroup.Inode, CgroupPath = cgroup.Path };
            bool same = container.Tagged.TryGetValue(cgroup.Inode, out Container? held) && held.Id == tag.Id && held.Role == tag.Role && held.PodId == tag.PodId;
            if (!same && Ask(tag, () => kernel.Tag(tag)))
            {
                container.Tagged[cgroup.Inode] = tag;
                container.Enrolled.Remove(cgroup.Inode); // sockets that are open carry the tag from before
            }
        }
    }

    /// <summary>Tags the sockets that the processes of a cgroup hold; once for each tag.</summary>
    public void Enrol(TrackedContainer container, Cgroup cgroup, IReadOnlyCollection<int> processes)
    {
        if (processes.Count > 0 && container.Tagged.TryGetValue(cgroup.Inode, out Container? tag) && container.Enrolled.Add(cgroup.Inode))
        {
            foreach (int pid in processes)
            {
                Ask(tag, () => kernel.Enrol(pid));
            }
        }
    }

    /// <returns>False when the kernel refused.</returns>
    private bool Ask(Container tag, Action what)
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
}
