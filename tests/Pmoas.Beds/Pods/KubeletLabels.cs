namespace Pmoas.Beds.Pods;

/// <summary>The labels a kubelet puts on what it asks a runtime for.</summary>
internal static class KubeletLabels
{
    /// <summary>Those of the sandbox, with the pod's own.</summary>
    internal static Dictionary<string, string> OfPod(PodRequest pod) => new(pod.Labels)
    {
        ["io.kubernetes.pod.name"] = pod.Name,
        ["io.kubernetes.pod.namespace"] = pod.Namespace,
        ["io.kubernetes.pod.uid"] = pod.Uid,
    };

    /// <summary>Those of a container, with its own.</summary>
    internal static Dictionary<string, string> OfContainer(PodRequest pod, ContainerRequest container) => new(container.Labels)
    {
        ["io.kubernetes.container.name"] = container.Name,
        ["io.kubernetes.pod.name"] = pod.Name,
        ["io.kubernetes.pod.namespace"] = pod.Namespace,
        ["io.kubernetes.pod.uid"] = pod.Uid,
    };
}
