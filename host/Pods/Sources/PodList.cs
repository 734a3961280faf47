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
            if (!a[i].IsDescribedLike(b[i]) || !a[i].Containers.Zip(b[i].Containers).All(pair => pair.First.IsDescribedLike(pair.Second)))
            {
                return false;
            }
        }
        return true;
    }
}
