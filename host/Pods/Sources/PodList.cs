namespace Pmoas.Host.Pods.Sources;

/// <summary>Two looks at the same runtime: is there anything new to tell?</summary>
internal static class PodList
{
    /// <summary>True when both lists hold the same pods with the same containers, in the same order.</summary>
    public static bool IsSame(IReadOnlyList<PodSpec> a, IReadOnlyList<PodSpec> b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }
        for (int i = 0; i < a.Count; i++)
        {
            if (!a[i].IsSameAs(b[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>A list with the pods of the one before in place of those that are the same: what was made of them is still good.</summary>
    public static IReadOnlyList<PodSpec> Renew(IReadOnlyList<PodSpec> before, IReadOnlyList<PodSpec> now)
    {
        var known = before.DistinctBy(KeyOf).ToDictionary(KeyOf);
        return [.. now.Select(pod => known.TryGetValue(KeyOf(pod), out PodSpec? one) && one.IsSameAs(pod) ? one : pod)];
    }

    private static (string, string) KeyOf(PodSpec pod) =>
        pod.Uid.Length > 0 ? (pod.Uid, "") : pod.Name.Length > 0 ? (pod.Namespace, pod.Name) : ("", pod.Containers.Count > 0 ? pod.Containers[0].CgroupPath : "");
}
