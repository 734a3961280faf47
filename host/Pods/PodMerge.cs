namespace Pmoas.Host.Pods;

/// <summary>Makes one list of what several sources know about the same pods. Pure.</summary>
/// <remarks>
/// A pod is the same by a container's id or cgroup, by its UID, or by its name when not known to be another pod of that name.
/// Where sources differ the earlier one is believed, and later ones fill what it leaves empty.
/// </remarks>
internal static class PodMerge
{
    private const int IdLength = 64;

    /// <summary>Each pod and each of its containers once.</summary>
    /// <param name="sources">The lists, the most believed first.</param>
    /// <param name="memory">What was merged before; none for once.</param>
    public static IReadOnlyList<PodSpec> Merge(IEnumerable<IReadOnlyList<PodSpec>> sources, MergeMemory? memory = null)
    {
        MergedPods merged = new(memory ?? new MergeMemory());
        foreach (PodSpec pod in sources.SelectMany(pods => pods))
        {
            merged.Add(pod);
        }
        return merged.All;
    }

    /// <summary>One pod of what two sources say about it.</summary>
    public static PodSpec Both(PodSpec first, PodSpec second)
    {
        List<ContainerSpec> containers = [.. first.Containers];
        foreach (ContainerSpec container in second.Containers)
        {
            Put(containers, container);
        }
        bool named = first.Name.Length > 0;
        return first with
        {
            Namespace = named ? first.Namespace : second.Namespace,
            Name = named ? first.Name : second.Name,
            Uid = Either(first.Uid, second.Uid),
            Labels = LabelSet.Both(first.Labels, second.Labels),
            Annotations = LabelSet.Both(first.Annotations, second.Annotations),
            Containers = containers,
            Ip = Either(first.Ip, second.Ip),
            HostIp = Either(first.HostIp, second.HostIp),
            Owner = Either(first.Owner, second.Owner),
            IsComplete = first.IsComplete || second.IsComplete,
            Sources = [.. first.Sources.Union(second.Sources)],
        };
    }

    /// <summary>Adds a container, or what is told of it to the one it is.</summary>
    private static void Put(List<ContainerSpec> containers, ContainerSpec container)
    {
        // One source may know it by its id and another by its cgroup, and this one by both.
        ContainerSpec[] same = [.. containers.Where(c => IsSame(c, container) == true)];
        ContainerSpec? known = same.FirstOrDefault() ?? containers.Find(c => IsSame(c, container) is null && IsCalledLike(c, container));
        if (known is null)
        {
            // Started again: both are there until the one before is forgotten, and the pod runs this one as it ran that.
            ContainerSpec? before = containers.Find(c => IsCalledLike(c, container));
            containers.Add(before is null ? container : container with { Image = Named(container.Image, before.Image), Kind = Known(before.Kind, container.Kind) });
            return;
        }
        int at = containers.IndexOf(known);
        containers[at] = same.Skip(1).Append(container).Aggregate(known, Both);
        containers.RemoveAll(c => same.Skip(1).Any(other => ReferenceEquals(other, c)));
    }

    /// <summary>By id, or by cgroup, where both know it; null when that cannot be said.</summary>
    private static bool? IsSame(ContainerSpec a, ContainerSpec b) =>
        a.Id.Length > 0 && b.Id.Length > 0 ? a.Id == b.Id
        : a.CgroupPath.Length > 0 && b.CgroupPath.Length > 0 ? a.CgroupPath == b.CgroupPath
        : null;

    private static bool IsCalledLike(ContainerSpec a, ContainerSpec b) => a.Name.Length > 0 && a.Name == b.Name;

    private static ContainerSpec Both(ContainerSpec first, ContainerSpec second) => first with
    {
        Name = Either(first.Name, second.Name),
        Image = Named(first.Image, second.Image),
        CgroupPath = Either(first.CgroupPath, second.CgroupPath),
        Labels = LabelSet.Both(first.Labels, second.Labels),
        Annotations = LabelSet.Both(first.Annotations, second.Annotations),
        Kind = Known(first.Kind, second.Kind),
        Id = Either(first.Id, second.Id),
        CpuRequest = first.CpuRequest ?? second.CpuRequest,
        Pid = first.Pid > 0 ? first.Pid : second.Pid,
        RuntimePid = first.RuntimePid > 0 ? first.RuntimePid : second.RuntimePid,
    };

    // Main is also what a source says that does not know.
    private static ContainerKind Known(ContainerKind first, ContainerKind second) => first == ContainerKind.Main ? second : first;

    /// <summary>The first that is a name: a runtime may know only the image's id, by which no rule can go.</summary>
    private static string Named(string first, string second) => IsImageId(first) && second.Length > 0 && !IsImageId(second) ? second : Either(first, second);

    private static bool IsImageId(string image) =>
        image.StartsWith("sha256:", StringComparison.Ordinal) || (image.Length == IdLength && image.All(char.IsAsciiHexDigit));

    private static string Either(string first, string second) => first.Length > 0 ? first : second;
}
