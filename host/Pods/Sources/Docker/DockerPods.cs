namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>
/// Makes pods of Docker's containers. Pure. Those Kubernetes made are its pods; of the others, all that share one network namespace are a pod,
/// named after the container that owns the namespace.
/// </summary>
internal static class DockerPods
{
    /// <summary>Namespace of the pods that Kubernetes does not know.</summary>
    public const string Namespace = "docker";

    private const string Shared = "container:";

    // cri-dockerd keeps a pod's annotations among the labels of its sandbox.
    private const string AnnotationPrefix = "annotation.";

    /// <summary>The pods, in a lasting order.</summary>
    public static IReadOnlyList<PodSpec> Of(IReadOnlyCollection<DockerContainer> containers)
    {
        DockerContainer[] oldestFirst = [.. containers.OrderBy(c => c.Created).ThenBy(c => c.Id, StringComparer.Ordinal)];
        Dictionary<string, DockerContainer> byId = oldestFirst.ToDictionary(c => c.Id);
        return
        [
            .. oldestFirst.GroupBy(container => KeyOf(container) ?? KeyOf(OwnerOf(container, byId, oldestFirst))).Select(Pod)
                .OrderBy(pod => pod.Namespace, StringComparer.Ordinal).ThenBy(pod => pod.Name, StringComparer.Ordinal)
                .ThenBy(pod => pod.Uid, StringComparer.Ordinal),
        ];
    }

    /// <summary>The container in whose network namespace it is; a missing one is told by its id.</summary>
    private static (DockerContainer? Container, string Id) OwnerOf(
        DockerContainer container, Dictionary<string, DockerContainer> byId, DockerContainer[] all)
    {
        DockerContainer owner = container;
        HashSet<string> seen = [];
        while (owner.Network.StartsWith(Shared, StringComparison.Ordinal) && seen.Add(owner.Id))
        {
            string shared = owner.Network[Shared.Length..];
            // An id; Docker before 1.13 and other engines keep what the user wrote: a name, or the beginning of an id.
            DockerContainer? next = byId.GetValueOrDefault(shared)
                ?? Array.Find(all, c => c.Name == shared) ?? Array.Find(all, c => shared.Length >= 12 && c.Id.StartsWith(shared, StringComparison.Ordinal));
            if (next is null)
            {
                return (null, shared);
            }
            owner = next;
        }
        return (owner, owner.Id);
    }

    private static string KeyOf((DockerContainer? Container, string Id) owner) => (owner.Container is { } found ? KeyOf(found) : null) ?? owner.Id;

    /// <summary>The pod's UID or name when Kubernetes made the container, even when the sandbox it shared is gone; null for any other.</summary>
    private static string? KeyOf(DockerContainer container) =>
        KubernetesName.Of(container) is { } name ? name.Uid.Length > 0 ? name.Uid : $"{name.Namespace}/{name.Pod}" : null;

    private static PodSpec Pod(IGrouping<string, DockerContainer> group)
    {
        DockerContainer[] its = [.. group];
        IReadOnlyList<ContainerSpec> containers = [.. its.Select(Spec)];
        string ip = its.Select(c => c.Ip).FirstOrDefault(address => address.Length > 0) ?? "";
        DockerContainer? ofKubernetes = its.LastOrDefault(c => KubernetesName.Of(c) is { IsSandbox: true }) ?? Array.Find(its, c => KubernetesName.Of(c) is not null);
        if (ofKubernetes is not null)
        {
            KubernetesName name = KubernetesName.Of(ofKubernetes)!.Value;
            // Only the sandbox's labels are the pod's.
            (IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> annotations) =
                name.IsSandbox ? Split(ofKubernetes.Labels) : (PodSpec.NoLabels, PodSpec.NoLabels);
            return new PodSpec(name.Namespace, name.Pod, name.Uid, labels, annotations, containers) { Ip = ip };
        }
        DockerContainer owner = Array.Find(its, c => c.Id == group.Key) ?? its[0];
        return new PodSpec(Namespace, owner.Name, "", owner.Labels, PodSpec.NoLabels, containers) { Ip = ip };
    }

    private static ContainerSpec Spec(DockerContainer container)
    {
        KubernetesName? name = KubernetesName.Of(container);
        (IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> annotations) =
            name is null ? (container.Labels, PodSpec.NoLabels) : Split(container.Labels);
        return name is { IsSandbox: true }
            ? new ContainerSpec("", "", container.CgroupPath, PodSpec.NoLabels, ContainerKind.Sandbox) { Id = container.Id, RuntimePid = container.Pid }
            : new ContainerSpec(name?.Container ?? container.Name, container.Image, container.CgroupPath, labels)
            {
                Id = container.Id,
                Annotations = annotations,
                RuntimePid = container.Pid,
            };
    }

    private static (IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations) Split(
        IReadOnlyDictionary<string, string> all)
    {
        ILookup<bool, KeyValuePair<string, string>> parts = all.ToLookup(label => label.Key.StartsWith(AnnotationPrefix, StringComparison.Ordinal));
        return parts[true].Any()
            ? (parts[false].ToDictionary(), parts[true].ToDictionary(label => label.Key[AnnotationPrefix.Length..], label => label.Value))
            : (all, PodSpec.NoLabels);
    }
}
