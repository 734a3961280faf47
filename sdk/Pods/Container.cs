namespace Pmoas.Sdk.Pods;

/// <summary>One running container as the rest of PMOAS sees it. Immutable; a change of role or name is a new record with the same id.</summary>
public sealed record Container
{
    /// <summary>Small number given by the host when the container appeared; never used again while the daemon lives. It is what kernel programs see.</summary>
    public required uint Id { get; init; }

    /// <summary>Small number of the pod, by the same rule.</summary>
    public required uint PodId { get; init; }

    /// <summary>Kubernetes namespace of the pod.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the pod.</summary>
    public required string Pod { get; init; }

    /// <summary>Name of the container in its pod.</summary>
    public required string Name { get; init; }

    /// <summary>What it is to its pod.</summary>
    public required Role Role { get; init; }

    /// <summary>Image reference as the user wrote it; empty when unknown.</summary>
    public string Image { get; init; } = "";

    /// <summary>CPU time it asked for, in cores, as its pod says; null when no source tells.</summary>
    public double? CpuRequest { get; init; }

    /// <summary>Inode number of the container's cgroup directory: the cgroup id that kernel programs read.</summary>
    public required ulong CgroupId { get; init; }

    /// <summary>Path of the cgroup, relative to the root of its hierarchy, starting with <c>/</c>.</summary>
    public required string CgroupPath { get; init; }

    /// <summary>
    /// True while its cgroup is tagged and no source has named it yet: it is counted in the kernel, not listed and not exported, so that
    /// no count lands in a series without a name. Looking it up by id finds it.
    /// </summary>
    public bool IsProvisional { get; init; }

    /// <summary>Which rule decided the role, in words.</summary>
    public string RoleReason { get; init; } = "";
}
