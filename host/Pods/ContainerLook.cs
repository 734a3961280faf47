using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Looks at what a container's cgroup and processes are now, decides what it is, and brings the kernel's tags in step.
/// Guarded by the lock of <see cref="PodDirectory"/>.
/// </summary>
internal sealed class ContainerLook(CgroupTree tree, KernelTags tags, PodNamespaces namespaces, TrackedContainers tracked, TimeProvider time)
{
    /// <summary>What is shown of a container that nobody names stands under this namespace.</summary>
    public const string UnknownNamespace = "unknown";

    private const int ShortId = 12;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private uint _lastContainer;

    /// <summary>What makes a sidecar.</summary>
    public required IReadOnlyList<SidecarRule> Rules { get; set; }

    /// <summary>How long a container may wait for its name before it is shown under its id; zero when no source could name it.</summary>
    public TimeSpan Naming { get; set; }

    /// <summary>Containers that ended.</summary>
    public EndedContainers Ended { get; } = new();

    /// <summary>What happened since it was last emptied.</summary>
    public List<ContainerChange> News { get; } = [];

    /// <summary>Looks at these.</summary>
    /// <param name="containers">Tracked ones.</param>
    /// <param name="show">Publishes to the readers; called before the kernel is told, for an event with a new tag must find its container.</param>
    public void At(IReadOnlyCollection<TrackedContainer> containers, Action show)
    {
        TakeOverGone();
        foreach (TrackedContainer container in containers)
        {
            LookAtCgroups(container);
            Judge(container);
        }
        show();
        foreach (TrackedContainer container in containers)
        {
            tags.Release(container);
        }
        foreach (TrackedContainer container in containers)
        {
            tags.Bring(container); // all of them first: looking at the processes of one takes longer than tagging a hundred
        }
        bool found = false;
        foreach (TrackedContainer container in containers)
        {
            found |= LookAtProcesses(container);
        }
        if (found)
        {
            show();
            foreach (TrackedContainer container in containers)
            {
                tags.Release(container);
                tags.Bring(container);
                Enrol(container);
            }
        }
    }

    /// <summary>Judges these by the rules that are now; their cgroups and processes are those that were seen last.</summary>
    /// <param name="containers">Tracked ones.</param>
    /// <param name="show">Publishes to the readers.</param>
    public void Rejudge(IReadOnlyCollection<TrackedContainer> containers, Action show)
    {
        List<TrackedContainer> others = [.. containers.Where(Judge)];
        show();
        foreach (TrackedContainer container in others)
        {
            tags.Bring(container);
            Enrol(container);
        }
    }

    /// <summary>Ends a container that is not followed any more: its tags go, its last numbers stay readable.</summary>
    /// <param name="container">One that was tracked.</param>
    /// <param name="isHidden">True for one that is not to be shown at all, as it turned out.</param>
    public void Leave(TrackedContainer container, bool isHidden)
    {
        End(container, isHidden);
        tags.Release(container);
    }

    /// <summary>A container of this id under the name its source tells, or under its id.</summary>
    public Container Named(Container nameless, PodSpec pod, ContainerSpec spec)
    {
        RoleDecision decision = RuleMatch.Decide(Rules, pod, spec, command: "");
        Container named = WithNames(nameless, pod, spec) with { Image = spec.Image, CpuRequest = spec.CpuRequest, Role = decision.Role, RoleReason = decision.Reason, IsProvisional = false };
        News.Add(new ContainerChange(ContainerEvent.Appeared, named));
        News.Add(new ContainerChange(ContainerEvent.Gone, named));
        return named;
    }

    private void LookAtCgroups(TrackedContainer container)
    {
        IReadOnlyList<Cgroup> found = container.IsSandbox ? [] : tree.Subtree(container.Path, tracked.Paths);
        if (container.Running is { } was && (found.Count == 0 || found[0].Inode != was.CgroupId))
        {
            End(container, isHidden: container.IsSandbox);
        }
        if (container.Running is null && found.Count > 0)
        {
            container.PodCgroup = ContainerCgroup.PodCgroupOf(container.Path) is { } pod ? tree.Find(pod) : null;
            uint id = tags.TakeOver(found[0])?.Container ?? ++_lastContainer;
            container.Running = Nameless(id, container.PodId, found[0].Inode, container.Path);
        }
        container.Cgroups = found;
        if (container.Settled && !MainProcess.Runs(container.Main))
        {
            container.Unsettle(); // started again in the same cgroup: perhaps in another network namespace, or another executable
        }
    }

    /// <summary>Remembers the containers that came and went before anybody looked; they are named like others that ended.</summary>
    private void TakeOverGone()
    {
        foreach (GivenIds given in tags.TakeOverGone())
        {
            TrackedContainer? told = tracked.All.FirstOrDefault(t => t.Spec.Id == given.RuntimeId);
            ContainerSpec spec = told?.Spec ?? ContainerSpec.OfCgroup("", given.RuntimeId);
            Ended.Add(time.GetUtcNow(), told?.Pod ?? PodSpec.OfCgroups("", [spec]), spec, Nameless(given.Container, given.Pod, given.CgroupId, spec.CgroupPath));
        }
    }

    private static Container Nameless(uint id, uint podId, ulong cgroupId, string path) => new()
    {
        Id = id,
        PodId = podId,
        Namespace = "",
        Pod = "",
        Name = "",
        Role = Role.Service,
        CgroupId = cgroupId,
        CgroupPath = path,
        IsProvisional = true,
    };

    /// <summary>Applies the rules, and takes over what a source now says otherwise.</summary>
    /// <returns>True when it is another one than before.</returns>
    private bool Judge(TrackedContainer container)
    {
        if (container.Running is not { } was)
        {
            return false;
        }
        RoleDecision decision = RuleMatch.Decide(Rules, container.Pod, container.Spec, container.Command);
        Container now = Shown(container, was) with
        {
            PodId = container.PodId,
            Image = container.Spec.Image,
            CpuRequest = container.Spec.CpuRequest,
            Role = decision.Role,
            RoleReason = decision.Reason,
        };
        if (now == was)
        {
            return false;
        }
        container.Running = now;
        if (!now.IsProvisional)
        {
            News.Add(new ContainerChange(was.IsProvisional ? ContainerEvent.Appeared : ContainerEvent.Changed, now));
        }
        return true;
    }

    /// <summary>Under the name its source tells; nameless for as long as naming may take, and under its id after.</summary>
    private Container Shown(TrackedContainer container, Container was)
    {
        if (container.IsNameless && was.IsProvisional
            && (time.GetUtcNow() - container.Since < Naming
                || (container.Main == 0 && container.Cgroups.Count > 0))) // a pause container is known by its process
        {
            return was;
        }
        return WithNames(was, container.Pod, container.Spec) with { IsProvisional = false };
    }

    private static Container WithNames(Container container, PodSpec pod, ContainerSpec spec)
    {
        string id = spec.Id.Length > ShortId ? spec.Id[..ShortId] : spec.Id;
        return container with
        {
            Namespace = pod.Namespace.Length > 0 ? pod.Namespace : UnknownNamespace,
            Pod = pod.Name.Length > 0 ? pod.Name : pod.Uid.Length > 0 ? pod.Uid : id,
            Name = spec.Name.Length > 0 ? spec.Name : id,
        };
    }

    private void End(TrackedContainer container, bool isHidden)
    {
        if (container.Running is { } was)
        {
            if (!isHidden)
            {
                Ended.Add(time.GetUtcNow(), container.Pod, container.Spec, was);
            }
            if (!was.IsProvisional)
            {
                News.Add(new ContainerChange(ContainerEvent.Gone, was));
            }
        }
        namespaces.Leave(container);
        container.Reset();
    }

    /// <returns>True when what was found makes it another one.</returns>
    private bool LookAtProcesses(TrackedContainer container)
    {
        IReadOnlyList<int> processes = Enrol(container);
        if (container.Settled)
        {
            return false;
        }
        int main = MainProcess.Of(processes);
        if (main == 0)
        {
            return false;
        }
        DateTimeOffset now = time.GetUtcNow();
        container.Main = main;
        container.SettledAt ??= now + Settling;
        container.Settled = now >= container.SettledAt;
        namespaces.Enter(container, main);
        string command = MainProcess.ExecutableOf(main);
        if (command.Length > 0 && command != container.Command)
        {
            container.Command = command;
            if (container.IsSandbox)
            {
                LookAtCgroups(container);
                return true;
            }
        }
        return Judge(container);
    }

    /// <summary>Tags the sockets its processes hold, where that is still to be done.</summary>
    /// <returns>Its processes; none when it has settled and all is done.</returns>
    private List<int> Enrol(TrackedContainer container)
    {
        List<int> processes = [];
        if (container.Running is null || (!container.IsOpen && container.Cgroups.All(tags.IsEnrolled)))
        {
            return processes;
        }
        foreach (Cgroup cgroup in container.Cgroups)
        {
            IReadOnlyList<int> own = tree.Processes(cgroup.Path);
            processes.AddRange(own);
            tags.Enrol(cgroup, own);
        }
        return processes;
    }
}
