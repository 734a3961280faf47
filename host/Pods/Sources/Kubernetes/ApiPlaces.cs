namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>Where this process would find credentials of a cluster, and its node's name, besides the configuration. What is not there is empty.</summary>
/// <param name="Kubeconfig">Paths in <c>$KUBECONFIG</c>, separated by colons.</param>
/// <param name="HomeKubeconfig">Path of the user's own kubeconfig, whether it exists or not.</param>
/// <param name="ServiceHost">Address of the API server for pods of the cluster.</param>
/// <param name="ServicePort">Its port.</param>
/// <param name="ServiceAccount">Directory of the pod's service account.</param>
/// <param name="NodeName">Name of this node.</param>
internal sealed record ApiPlaces(
    string Kubeconfig, string HomeKubeconfig, string ServiceHost, string ServicePort, string ServiceAccount, string NodeName)
{
    /// <summary>Path of the service account's token.</summary>
    public string TokenFile => Path.Combine(ServiceAccount, "token");

    /// <summary>Path of the certificates that the API server's is judged by.</summary>
    public string AuthorityFile => Path.Combine(ServiceAccount, "ca.crt");

    /// <summary>True in a pod that has a service account.</summary>
    public bool IsInCluster => ServiceHost.Length > 0 && ServicePort.Length > 0 && File.Exists(TokenFile);

    /// <summary>Those of this process.</summary>
    public static ApiPlaces OfProcess() => new(
        Environment.GetEnvironmentVariable("KUBECONFIG") ?? "",
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config"),
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") ?? "",
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT") ?? "",
        "/var/run/secrets/kubernetes.io/serviceaccount",
        Environment.GetEnvironmentVariable("NODE_NAME") is { Length: > 0 } name ? name : Environment.MachineName.ToLowerInvariant());
}
