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
    /// <summary>Left out: used when a kubeconfig is named, or this process runs in a pod with a service account.</summary>
    public bool? Enabled { get; set; }

    /// <summary>Path of a kubeconfig; empty: <c>$KUBECONFIG</c>, the pod's service account, or <c>~/.kube/config</c>.</summary>
    [RegularExpression("/.*", ErrorMessage = "is no absolute path; the daemon runs in another directory than you do, so write it from / on, such as \"/etc/kubernetes/kubelet.conf\"")]
    public string Kubeconfig { get; set; } = "";

    /// <summary>Name of this node in the cluster; empty: <c>$NODE_NAME</c>, or the host's name.</summary>
    [RegularExpression(
        @"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
        ErrorMessage = "is no node name; allowed is what kubectl get nodes shows: a-z, 0-9, - and ., at most 253 of them, such as \"node-1.example\"")]
    public string NodeName { get; set; } = "";

    /// <summary>How long the API server may say nothing, not even a bookmark, before the watch is begun anew.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan WatchTimeout { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary><c>[sources.cri]</c> and <c>[sources.docker]</c>: a container runtime by its Unix sockets.</summary>
internal sealed class RuntimeSourceOptions : IValidatableObject
{
    private const string Scheme = "unix://";

    /// <summary>Left out: used when one of its sockets is found.</summary>
    public bool? Enabled { get; set; }

    /// <summary>
    /// Paths of sockets; empty: those of the runtimes that run, also inside containers of this node.
    /// What the runtimes' own tools put before a path, <c>unix://</c>, may be written and is taken away here.
    /// </summary>
    public IReadOnlyList<string> Endpoints
    {
        get;
        set => field = [.. value.Select(endpoint => endpoint.StartsWith(Scheme, StringComparison.Ordinal) ? endpoint[Scheme.Length..] : endpoint)];
    } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from endpoint in Endpoints
        where !endpoint.StartsWith('/') || endpoint.EndsWith('/')
        select new ValidationResult(
            $"\"{endpoint}\" is no path of a socket; allowed is one from / on such as \"/run/containerd/containerd.sock\", with or without unix:// before it",
            [nameof(Endpoints)]);
}

/// <summary><c>[sources.cgroupfs]</c>: containers by the paths of their cgroups.</summary>
internal sealed class CgroupfsSourceOptions
{
    /// <summary>False: only cgroups that another source names are looked at.</summary>
    public bool Enabled { get; set; } = true;
}
