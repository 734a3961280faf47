namespace Pmoas.Host.Pods;

/// <summary>A pod as a source describes it; no kernel and no decision in it yet.</summary>
/// <param name="Namespace">Kubernetes namespace.</param>
/// <param name="Name">Pod name.</param>
/// <param name="Uid">Pod UID; empty when the source has none.</param>
/// <param name="Labels">Pod labels.</param>
/// <param name="Annotations">Pod annotations.</param>
/// <param name="Containers">Its containers.</param>
internal sealed record PodSpec(
    string Namespace,
    string Name,
    string Uid,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    IReadOnlyList<ContainerSpec> Containers);

/// <summary>A container as a source describes it.</summary>
/// <param name="Name">Name in its pod.</param>
/// <param name="Image">Image reference as the user wrote it; empty when unknown.</param>
/// <param name="CgroupPath">Path of its cgroup relative to the hierarchy's root, starting with <c>/</c>; empty until known.</param>
/// <param name="Labels">Labels of the container itself.</param>
/// <param name="Kind">How the pod runs it.</param>
internal sealed record ContainerSpec(
    string Name,
    string Image,
    string CgroupPath,
    IReadOnlyDictionary<string, string> Labels,
    ContainerKind Kind = ContainerKind.Main);

/// <summary>How a pod runs a container.</summary>
internal enum ContainerKind
{
    Main,
    Init,

    /// <summary>An init container with <c>restartPolicy: Always</c>.</summary>
    NativeSidecar,
    Ephemeral,
}

/// <summary>A place pods are learned from.</summary>
internal interface IPodSource
{
    /// <summary>Name in <c>[sources.NAME]</c> and in metrics.</summary>
    string Name { get; }

    /// <summary>Publishes the whole list of pods it knows, whenever that changes, until cancelled.</summary>
    Task RunAsync(Action<IReadOnlyList<PodSpec>> publish, CancellationToken stopping);
}
