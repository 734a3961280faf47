using System.Collections.ObjectModel;
using System.ComponentModel;

namespace Pmoas.Host.Pods;

/// <summary>A pod as a source describes it; no kernel and no decision in it yet. What a source does not know is empty.</summary>
/// <param name="Namespace">Kubernetes namespace.</param>
/// <param name="Name">Pod name; empty while nobody has told it.</param>
/// <param name="Uid">Pod UID.</param>
/// <param name="Labels">Pod labels.</param>
/// <param name="Annotations">Pod annotations.</param>
/// <param name="Containers">Its containers.</param>
internal sealed record PodSpec(
    string Namespace,
    string Name,
    string Uid,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    IReadOnlyList<ContainerSpec> Containers)
{
    /// <summary>No label, no annotation.</summary>
    public static IReadOnlyDictionary<string, string> NoLabels => ReadOnlyDictionary<string, string>.Empty;

    /// <summary>A pod of which no more is known than what paths of cgroups tell.</summary>
    public static PodSpec OfCgroups(string uid, IReadOnlyList<ContainerSpec> containers) => new("", "", uid, NoLabels, NoLabels, containers);

    /// <summary>Address of the pod.</summary>
    public string Ip { get; init; } = "";

    /// <summary>Address of the node.</summary>
    public string HostIp { get; init; } = "";

    /// <summary>The workload that made it, such as <c>Deployment/web</c>.</summary>
    public string Owner { get; init; } = "";

    /// <summary>True when the source names every container the pod declares, so that a container can be said to be alone in it.</summary>
    public bool IsComplete { get; init; }

    /// <summary>The sources that know the pod, the most believed first.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>True when it is described alike, and so is each of its containers.</summary>
    public bool IsSameAs(PodSpec other) =>
        ReferenceEquals(this, other) || (IsDescribedLike(other) && Containers.Zip(other.Containers).All(pair => pair.First.IsDescribedLike(pair.Second)));

    /// <summary>True when it is described alike; the containers are not compared.</summary>
    public bool IsDescribedLike(PodSpec other) => ReferenceEquals(this, other) || (
        Namespace == other.Namespace && Name == other.Name && Uid == other.Uid && Ip == other.Ip && HostIp == other.HostIp && Owner == other.Owner
        && IsComplete == other.IsComplete && LabelSet.Same(Labels, other.Labels) && LabelSet.Same(Annotations, other.Annotations)
        && Containers.Count == other.Containers.Count && Sources.SequenceEqual(other.Sources));
}

/// <summary>A container as a source describes it. What a source does not know is empty.</summary>
/// <param name="Name">Name in its pod; empty while nobody has told it.</param>
/// <param name="Image">Image reference as the user wrote it.</param>
/// <param name="CgroupPath">Path of its cgroup relative to the hierarchy's root, starting with <c>/</c>.</param>
/// <param name="Labels">Labels of the container itself.</param>
/// <param name="Kind">How the pod runs it.</param>
internal sealed record ContainerSpec(
    string Name,
    string Image,
    string CgroupPath,
    IReadOnlyDictionary<string, string> Labels,
    ContainerKind Kind = ContainerKind.Main)
{
    /// <summary>A container of which no more is known than what the path of its cgroup tells.</summary>
    public static ContainerSpec OfCgroup(string path, string id) => new("", "", path, PodSpec.NoLabels) { Id = id };

    /// <summary>The runtime's id of it: 64 hexadecimal digits.</summary>
    public string Id { get; init; } = "";

    /// <summary>Annotations of the container itself.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = PodSpec.NoLabels;

    /// <summary>CPU time it asks for, in cores; null when the source does not tell.</summary>
    public double? CpuRequest { get; init; }

    /// <summary>Its first process, as this daemon's pid namespace numbers it; 0 when unknown.</summary>
    public int Pid { get; init; }

    /// <summary>The same process as the runtime's own pid namespace numbers it; 0 when unknown.</summary>
    public int RuntimePid { get; init; }

    /// <summary>True when it is described alike.</summary>
    public bool IsDescribedLike(ContainerSpec other) => ReferenceEquals(this, other) || (
        Name == other.Name && Image == other.Image && CgroupPath == other.CgroupPath && Kind == other.Kind && Id == other.Id && Pid == other.Pid
        && CpuRequest == other.CpuRequest && RuntimePid == other.RuntimePid && LabelSet.Same(Labels, other.Labels) && LabelSet.Same(Annotations, other.Annotations));
}

/// <summary>How a pod runs a container.</summary>
internal enum ContainerKind
{
    Main,
    Init,

    /// <summary>An init container with <c>restartPolicy: Always</c>.</summary>
    NativeSidecar,
    Ephemeral,

    /// <summary>The pause container that holds the pod's namespaces; never shown, and no value for a rule.</summary>
    [Browsable(false)]
    Sandbox,
}
