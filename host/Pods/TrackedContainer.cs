using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>All that <see cref="PodDirectory"/> remembers of one container, running or not: one cgroup, whoever told of it. Guarded by its lock.</summary>
internal sealed class TrackedContainer(PodSpec pod, ContainerSpec spec, uint podId, DateTimeOffset since)
{
    /// <summary>When it was first told of.</summary>
    public DateTimeOffset Since { get; } = since;

    /// <summary>Path of its cgroup.</summary>
    public string Path => Spec.CgroupPath;

    /// <summary>The pod as last published.</summary>
    public PodSpec Pod { get; set; } = pod;

    /// <summary>The container as last published.</summary>
    public ContainerSpec Spec { get; set; } = spec;

    /// <summary>Id of the pod; another one when its containers, first seen apart, turn out to be one pod.</summary>
    public uint PodId { get; set; } = podId;

    /// <summary>True while nobody has told its name.</summary>
    public bool IsNameless => Spec.Name.Length == 0;

    /// <summary>True when nobody names it and its process is a pause container's: it holds the pod's namespaces and does nothing.</summary>
    public bool IsSandbox => IsNameless && System.IO.Path.GetFileName(Command) == "pause";

    /// <summary>The running container; null while its cgroup is not there.</summary>
    public Container? Running { get; set; }

    /// <summary>The cgroups it has now, its own first.</summary>
    public IReadOnlyList<Cgroup> Cgroups { get; set; } = [];

    /// <summary>The cgroup of its pod, which holds its own; null while it does not run, and where the pod has none.</summary>
    public Cgroup? PodCgroup { get; set; }

    /// <summary>Inode numbers of the cgroups that were tagged for it.</summary>
    public HashSet<ulong> Tagged { get; } = [];

    /// <summary>Pid of the main process when it was last looked at; 0 until one is known.</summary>
    public int Main { get; set; }

    /// <summary>Executable of the main process; empty until one is known.</summary>
    public string Command { get; set; } = "";

    /// <summary>Name of the network namespace of the main process; empty until one is known.</summary>
    public string NamespaceName { get; set; } = "";

    /// <summary>Cookie of that namespace; null when unknown or the machine's own.</summary>
    public ulong? Cookie { get; set; }

    /// <summary>
    /// Until when the main process is looked at again: a container is often started by a process that joins the cgroup first and enters
    /// its network namespace and its real executable after. Null until a process is seen.
    /// </summary>
    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>True once the main process has been looked at for the last time.</summary>
    public bool Settled { get; set; }

    /// <summary>True while there is something to find out that no cgroup event will tell.</summary>
    public bool IsOpen => !IsSandbox && (Running is null || Running.IsProvisional || !Settled);

    /// <summary>Has the main process looked at again, whichever that is now.</summary>
    public void Unsettle()
    {
        Main = 0;
        SettledAt = null;
        Settled = false;
    }

    /// <summary>Forgets what belonged to the container that ran, except its tags, which are still to be removed, and a pause container's command, which says what it is.</summary>
    public void Reset()
    {
        Command = IsSandbox ? Command : "";
        Running = null;
        Cgroups = [];
        PodCgroup = null;
        NamespaceName = "";
        Cookie = null;
        Unsettle();
    }
}
