namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>Which pod's container it is, when Kubernetes made it through Docker: by cri-dockerd, or by a kubelet before 1.24.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Uid">UID of the pod.</param>
/// <param name="Container">Name of the container; empty for the sandbox.</param>
internal readonly record struct KubernetesName(string Namespace, string Pod, string Uid, string Container)
{
    private const string SandboxContainer = "POD";

    /// <summary>True for the container that only holds the pod's namespaces.</summary>
    public bool IsSandbox => Container.Length == 0;

    /// <summary>By its labels, else by its name <c>k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT</c>; null when Kubernetes did not make it.</summary>
    public static KubernetesName? Of(DockerContainer container)
    {
        // Names of Kubernetes hold no underscore. After a clash of names one more part follows.
        string[] parts = container.Name.Split('_');
        string[] named = parts.Length >= 6 && parts[0] == "k8s" ? parts : ["", "", "", "", "", ""];
        string pod = Label("io.kubernetes.pod.name", named[2]);
        if (pod.Length == 0)
        {
            return null;
        }
        string name = Label("io.kubernetes.container.name", named[1]);
        bool isSandbox = name == SandboxContainer || Label("io.kubernetes.docker.type", "") == "podsandbox";
        return new KubernetesName(Label("io.kubernetes.pod.namespace", named[3]), pod, Label("io.kubernetes.pod.uid", named[4]), isSandbox ? "" : name);

        string Label(string key, string otherwise) => container.Labels.TryGetValue(key, out string? value) && value.Length > 0 ? value : otherwise;
    }
}
