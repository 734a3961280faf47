using System.Text.RegularExpressions;

namespace Pmoas.Host.Pods.Cgroups;

/// <summary>What the path of a container's cgroup tells: runtimes and the kubelet write ids into it.</summary>
/// <param name="Id">The runtime's id of the container: 64 hexadecimal digits.</param>
/// <param name="PodUid">UID of its pod; empty when the path names none, as for a container that Docker was asked for by hand.</param>
internal readonly partial record struct ContainerCgroup(string Id, string PodUid)
{
    /// <summary>
    /// Reads a path, as containerd, CRI-O, Docker and podman write it under the cgroupfs and the systemd driver, on cgroup v1 and v2:
    /// <c>/kubepods/burstable/podUID/ID</c>, <c>/kubepods.slice/…/kubepods-besteffort-podU_I_D.slice/cri-containerd-ID.scope</c>,
    /// <c>/docker/ID</c>, and each of them below another container's. Null when it is no container's: also for what lies below one.
    /// </summary>
    public static ContainerCgroup? Parse(string path)
    {
        string[] segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (segments.Length == 0 || Container().Match(segments[^1]) is not { Success: true } container)
        {
            return null;
        }
        string uid = "";
        // runc's colon form carries the slice in the same segment; otherwise the pod is the directory above.
        foreach (string above in segments.Length > 1 ? (string[])[segments[^1], segments[^2]] : [segments[^1]])
        {
            if (Pod().Match(above) is { Success: true } pod)
            {
                uid = pod.Groups[1].Value.Replace('_', '-');
                break;
            }
        }
        return new ContainerCgroup(container.Groups[1].Value, uid);
    }

    /// <summary>The cgroup that a container's is in, when that is its pod's; null when it is no container's or not in a pod's.</summary>
    public static string? PodCgroupOf(string path)
    {
        int own = path.LastIndexOf('/');
        string above = own > 0 ? path[..own] : "";
        return Pod().IsMatch(above[(above.LastIndexOf('/') + 1)..]) ? above : null;
    }

    // crio-conmon-ID.scope is CRI-O's monitor of the container: it holds none of the container's processes.
    [GeneratedRegex(@"^(?:(?:cri-containerd-|crio-|docker-|libpod-)|[^/]*:[a-z-]+:)?([0-9a-f]{64})(?:\.scope)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Container();

    // kind's kubelet writes kubelet-kubepods-burstable-podUID.slice.
    [GeneratedRegex(@"^(?:[a-z]+-)*pod([0-9a-f][0-9a-f_-]{7,})(?:\.slice)?(?::[a-z-]+:[0-9a-f]{64})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Pod();
}
