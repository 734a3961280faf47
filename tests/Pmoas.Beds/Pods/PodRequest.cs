namespace Pmoas.Beds.Pods;

/// <summary>A pod to run, in the terms of its kubelet.</summary>
internal sealed record PodRequest
{
    /// <summary>Kubernetes namespace.</summary>
    internal required string Namespace { get; init; }

    internal required string Name { get; init; }

    /// <summary>Its UID; a new one unless given.</summary>
    internal string Uid { get; init; } = Guid.NewGuid().ToString();

    /// <summary>Labels beside the ones the kubelet sets.</summary>
    internal IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    internal IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Started in this order.</summary>
    internal required IReadOnlyList<ContainerRequest> Containers { get; init; }

    /// <summary>Lives in the network namespace of the bed: no address of its own, and much quicker to start.</summary>
    internal bool HostNetwork { get; init; }

    /// <summary>All containers in one PID namespace (<c>shareProcessNamespace</c>).</summary>
    internal bool SharePidNamespace { get; init; }

    /// <summary>In the machine's PID namespace (<c>hostPID</c>).</summary>
    internal bool HostPid { get; init; }

    /// <summary>Where the runtime writes what the containers print, in files CONTAINER.log; empty: nowhere.</summary>
    internal string LogFolder { get; init; } = "";

    /// <summary>The pod's cgroup as a kubelet with the cgroupfs driver names it.</summary>
    internal string CgroupPath => $"/kubepods/besteffort/pod{Uid}";
}

/// <summary>A container of a pod.</summary>
internal sealed record ContainerRequest
{
    internal required string Name { get; init; }

    /// <summary>Reference of an image the bed has.</summary>
    internal required string Image { get; init; }

    /// <summary>Instead of the image's entrypoint; empty keeps it.</summary>
    internal IReadOnlyList<string> Command { get; init; } = [];

    internal IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Path in the container to path on the machine.</summary>
    internal IReadOnlyDictionary<string, string> Mounts { get; init; } = new Dictionary<string, string>();

    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What it may do; null: what the runtime gives everybody.</summary>
    internal ContainerRights? Rights { get; init; }

    /// <summary>Labels beside the ones the kubelet sets.</summary>
    internal IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    internal IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <summary>The part of a container's security context, and its limit, that a kubelet hands to the runtime.</summary>
/// <param name="Add">Capabilities beside those that are left, without <c>CAP_</c>.</param>
/// <param name="Drop">Capabilities that are taken away; <c>ALL</c> is all of them.</param>
/// <param name="ReadOnlyRoot">Neither its files nor its mounts can be written to.</param>
/// <param name="MemoryBytes">Its limit of memory.</param>
internal sealed record ContainerRights(IEnumerable<string> Add, IEnumerable<string> Drop, bool ReadOnlyRoot, long MemoryBytes);
