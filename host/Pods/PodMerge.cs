namespace Pmoas.Host.Pods;

/// <summary>Makes one list of what several sources know about the same pods. Pure.</summary>
internal static class PodMerge
{
    /// <summary>Each pod and each of its containers once; where sources differ the earlier one is believed, and later ones fill what it leaves empty.</summary>
    public static IReadOnlyList<PodSpec> Merge(IEnumerable<IReadOnlyList<PodSpec>> sources)
    {
        List<PodSpec> merged = [];
        foreach (PodSpec pod in sources.SelectMany(pods => pods))
        {
            int known = merged.FindIndex(other => IsSame(pod, other));
            if (known < 0)
            {
                merged.Add(pod);
            }
            else
            {
                merged[known] = Both(merged[known], pod);
            }
        }
        return merged;
    }

    /// <summary>Same name, and not known to be another pod of that name.</summary>
    public static bool IsSame(PodSpec a, PodSpec b) =>
        a.Name == b.Name && a.Namespace == b.Namespace && (a.Uid == b.Uid || a.Uid.Length == 0 || b.Uid.Length == 0);

    private static PodSpec Both(PodSpec first, PodSpec second)
    {
        List<ContainerSpec> containers = [.. first.Containers];
        foreach (ContainerSpec container in second.Containers)
        {
            int known = containers.FindIndex(c => c.Name == container.Name);
            if (known < 0)
            {
                containers.Add(container);
            }
            else
            {
                containers[known] = Both(containers[known], container);
            }
        }
        return first with
        {
            Uid = Either(first.Uid, second.Uid),
            Labels = Both(first.Labels, second.Labels),
            Annotations = Both(first.Annotations, second.Annotations),
            Containers = containers,
        };
    }

    private static ContainerSpec Both(ContainerSpec first, ContainerSpec second) => first with
    {
        Image = Either(first.Image, second.Image),
        CgroupPath = Either(first.CgroupPath, second.CgroupPath),
        Labels = Both(first.Labels, second.Labels),
        Kind = first.Kind == ContainerKind.Main ? second.Kind : first.Kind, // Main is also what a source says that does not know
    };

    private static string Either(string first, string second) => first.Length > 0 ? first : second;

    private static IReadOnlyDictionary<string, string> Both(IReadOnlyDictionary<string, string> first, IReadOnlyDictionary<string, string> second)
    {
        if (second.Count == 0)
        {
            return first;
        }
        Dictionary<string, string> both = new(second, StringComparer.Ordinal);
        foreach ((string key, string value) in first)
        {
            both[key] = value;
        }
        return both;
    }
}
