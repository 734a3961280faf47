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

    /// <summary>Labels beside the ones the kubelet sets.</summary>
    internal IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    internal IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
