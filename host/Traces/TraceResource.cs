using Pmoas.Host.Pods;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Traces;

/// <summary>Whose spans they are, by OpenTelemetry's conventions for Kubernetes, containers and services. What is not known is left out.</summary>
internal static class TraceResource
{
    private static readonly string[] Workloads = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"];

    /// <summary>The attributes of a container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="pod">Its pod as the sources describe it; null when none does.</param>
    /// <param name="node">Name of this node.</param>
    internal static IEnumerable<KeyValuePair<string, object>> Of(Container container, PodSpec? pod, string node)
    {
        (string Name, string Value)[] known =
        [
            ("k8s.namespace.name", container.Namespace),
            ("k8s.pod.name", container.Pod),
            ("k8s.pod.uid", pod?.Uid ?? ""),
            ("k8s.node.name", node),
            ("k8s.container.name", container.Name),
            Workload(pod),
            ("container.id", pod?.Containers.FirstOrDefault(c => c.Name == container.Name)?.Id ?? ""),
            .. Image(container.Image),
            ("service.namespace", Annotated(pod, "service.namespace") ?? container.Namespace),
            ("service.name", Annotated(pod, "service.name") ?? (Workload(pod).Value is { Length: > 0 } workload ? workload : container.Pod)),
            ("service.instance.id", Annotated(pod, "service.instance.id") ?? $"{container.Namespace}.{container.Pod}.{container.Name}"),
            ("pmoas.role", ContainerLabels.Text(container.Role)),
        ];
        return known.Where(attribute => attribute.Value.Length > 0).Select(attribute => KeyValuePair.Create<string, object>(attribute.Name, attribute.Value));
    }

    /// <summary>What a user says of the service, by the annotation that OpenTelemetry's operator reads too.</summary>
    private static string? Annotated(PodSpec? pod, string name) => pod?.Annotations.GetValueOrDefault("resource.opentelemetry.io/" + name) is { Length: > 0 } value ? value : null;

    private static (string Name, string Value) Workload(PodSpec? pod) =>
        pod?.Owner.Split('/', 2) is [var kind, var name] && Workloads.Contains(kind) ? ($"k8s.{kind.ToLowerInvariant()}.name", name) : ("", "");

    /// <summary><c>registry:5000/team/app:1.2@sha256:…</c> is the image <c>registry:5000/team/app</c> with the tag <c>1.2</c>.</summary>
    private static IEnumerable<(string Name, string Value)> Image(string image)
    {
        string named = image.Split('@')[0];
        int colon = named.LastIndexOf(':');
        bool isTagged = colon > named.LastIndexOf('/');
        yield return ("container.image.name", isTagged ? named[..colon] : named);
        yield return ("container.image.tags", isTagged ? named[(colon + 1)..] : "");
    }
}
