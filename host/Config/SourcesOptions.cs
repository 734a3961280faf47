using System.ComponentModel.DataAnnotations;

namespace Pmoas.Host.Config;

/// <summary><c>[sources]</c>: where pods are learned from. A source that is left out is used when this machine has it.</summary>
internal sealed class SourcesOptions
{
    /// <summary><c>[sources.static]</c>.</summary>
    public StaticSourceOptions Static { get; set; } = new();

    /// <summary><c>[sources.kubernetes]</c>.</summary>
    public KubernetesSourceOptions Kubernetes { get; set; } = new();

    /// <summary><c>[sources.cri]</c>.</summary>
    public RuntimeSourceOptions Cri { get; set; } = new();

    /// <summary><c>[sources.docker]</c>.</summary>
    public RuntimeSourceOptions Docker { get; set; } = new();

    /// <summary><c>[sources.cgroupfs]</c>.</summary>
    public CgroupfsSourceOptions Cgroupfs { get; set; } = new();
}

/// <summary><c>[sources.kubernetes]</c>: the API server.</summary>
internal sealed class KubernetesSourceOptions
{
    /// <summary>Null: used when a kubeconfig is named, or this process runs in a pod with a service account.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Path of a kubeconfig; empty: <c>$KUBECONFIG</c>, the pod's service account, or <c>~/.kube/config</c>.</summary>
    public string Kubeconfig { get; set; } = "";

    /// <summary>Name of this node in the cluster; empty: <c>$NODE_NAME</c>, or the host's name.</summary>
    public string NodeName { get; set; } = "";

    /// <summary>How long the API server may say nothing, not even a bookmark, before the watch is begun anew.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan WatchTimeout { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary><c>[sources.cri]</c> and <c>[sources.docker]</c>: a container runtime by its Unix sockets.</summary>
internal sealed class RuntimeSourceOptions
{
    /// <summary>Null: used when one of its sockets is found.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Paths of sockets; empty: those of the runtimes that run, also inside containers of this node.</summary>
    public IReadOnlyList<string> Endpoints { get; set; } = [];
}

/// <summary><c>[sources.cgroupfs]</c>: containers by the paths of their cgroups.</summary>
internal sealed class CgroupfsSourceOptions
{
    /// <summary>False: only cgroups that another source names are looked at.</summary>
    public bool Enabled { get; set; } = true;
}
