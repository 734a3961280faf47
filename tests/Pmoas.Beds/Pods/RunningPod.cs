using Pmoas.Beds.Images;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Pods;

/// <summary>A pod that a bed runs. Its containers change when one is restarted.</summary>
internal sealed class RunningPod
{
    private readonly Dictionary<string, RunningContainer> _containers = [];

    /// <summary>What was asked for; name, namespace and UID are there.</summary>
    internal required PodRequest Request { get; init; }

    /// <summary>Id of the sandbox (CRI) or of the pause container (Docker).</summary>
    internal required string SandboxId { get; init; }

    /// <summary>IPv4 address in the bed's network namespace; empty with the host's network.</summary>
    internal required string Address { get; init; }

    /// <summary>Its cgroup as the machine sees it, relative to a hierarchy's root.</summary>
    internal required string CgroupPath { get; init; }

    internal string Name => Request.Name;

    internal string Namespace => Request.Namespace;

    internal string Uid => Request.Uid;

    /// <summary>The containers as they are now, by name; the sandbox is not among them.</summary>
    internal IReadOnlyDictionary<string, RunningContainer> Containers => _containers;

    /// <summary>The sidecar of a mesh pod, for clients in the bed's network namespace.</summary>
    internal Uri SidecarUrl => new($"http://{Address}:{ImageCatalog.SidecarPort}/");

    /// <summary>The service of a mesh pod, past the sidecar.</summary>
    internal Uri ServiceUrl => new($"http://{Address}:{ImageCatalog.ServicePort}/");

    internal void Put(RunningContainer container) => _containers[container.Name] = container;
}

/// <summary>A container of a pod, from its start to its restart.</summary>
/// <param name="Name">Name in the pod.</param>
/// <param name="Id">64 hex digits.</param>
/// <param name="Attempt">How often it was restarted.</param>
/// <param name="CgroupPath">Its cgroup as the machine sees it, relative to a hierarchy's root.</param>
internal sealed record RunningContainer(string Name, string Id, uint Attempt, string CgroupPath)
{
    /// <summary>Id of its predecessor, which has ended; null before the first restart.</summary>
    internal string? Before { get; init; }

    /// <summary>All its processes now, by their ids on the machine.</summary>
    internal IReadOnlyList<int> Processes => PodCgroups.Processes(CgroupPath);
}
