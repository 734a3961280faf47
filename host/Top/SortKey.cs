using Pmoas.Host.Overview;

namespace Pmoas.Host.Top;

/// <summary>What pods are put in order by; all but the name have the highest first.</summary>
internal enum SortKey
{
    /// <summary>CPU time of the sidecars.</summary>
    Cpu,

    /// <summary>Working set of the sidecars.</summary>
    Memory,

    /// <summary>Requests a second.</summary>
    Requests,

    /// <summary>99th percentile of the time a sidecar takes.</summary>
    Forward,

    /// <summary>99th percentile of the time until the service accepts.</summary>
    Handoff,

    /// <summary>Segments sent again.</summary>
    Retransmits,

    /// <summary>Namespace and name.</summary>
    Name,
}

/// <summary>Puts pods in order.</summary>
internal static class PodOrder
{
    /// <summary>In order of the key; pods of which it is not known come last either way.</summary>
    internal static IEnumerable<PodOverview> By(this IEnumerable<PodOverview> pods, SortKey key, bool reversed)
    {
        IEnumerable<PodOverview> named = pods.OrderBy(pod => pod.Namespace, StringComparer.Ordinal).ThenBy(pod => pod.Pod, StringComparer.Ordinal);
        if (key == SortKey.Name)
        {
            return reversed ? named.Reverse() : named;
        }

        IOrderedEnumerable<PodOverview> knownFirst = named.OrderBy(pod => ValueOf(pod, key) is null);
        return reversed ? knownFirst.ThenBy(pod => ValueOf(pod, key)) : knownFirst.ThenByDescending(pod => ValueOf(pod, key));
    }

    private static double? ValueOf(PodOverview pod, SortKey key) => key switch
    {
        SortKey.Cpu => pod.CpuCores,
        SortKey.Memory => pod.MemoryBytes,
        SortKey.Requests => pod.RequestsPerSecond,
        SortKey.Forward => pod.Forward?.P99Seconds,
        SortKey.Handoff => pod.Handoff?.P99Seconds,
        _ => pod.RetransmitsPerSecond,
    };
}
