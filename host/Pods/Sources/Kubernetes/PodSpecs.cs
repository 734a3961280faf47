using System.Text.RegularExpressions;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>Describes a pod of the Kubernetes API. Pure.</summary>
internal static partial class PodSpecs
{
    private const string TemplateHash = "pod-template-hash";

    /// <summary>On a pod the kubelet runs from a file and only shows to the API server: the UID the node knows it by, which its cgroup is named after.</summary>
    private const string NodeUid = "kubernetes.io/config.hash";

    private const string Mirror = "kubernetes.io/config.mirror";

    /// <summary>A copy of the whole pod; nobody makes a rule of it, and it can be large.</summary>
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The pod, finished or not, with every container it declares.</summary>
    public static PodSpec Of(ApiPod pod)
    {
        Dictionary<string, string> annotations = pod.Metadata?.Annotations ?? [];
        annotations.Remove(LastApplied);
        return new PodSpec(
            pod.Metadata?.Namespace ?? "", pod.Metadata?.Name ?? "", Uid(pod, annotations), Known(pod.Metadata?.Labels), Known(annotations),
            [
                .. Containers(pod.Spec?.Containers, pod.Status?.ContainerStatuses, _ => ContainerKind.Main),
                .. Containers(pod.Spec?.InitContainers, pod.Status?.InitContainerStatuses,
                    c => c.RestartPolicy == "Always" ? ContainerKind.NativeSidecar : ContainerKind.Init),
                .. Containers(pod.Spec?.EphemeralContainers, pod.Status?.EphemeralContainerStatuses, _ => ContainerKind.Ephemeral),
            ])
        {
            Ip = pod.Status?.PodIp ?? "",
            HostIp = pod.Status?.HostIp ?? "",
            Owner = Owner(pod.Metadata),
            IsComplete = true,
        };
    }

    private static string Uid(ApiPod pod, Dictionary<string, string> annotations) =>
        annotations.TryGetValue(Mirror, out string? mirror) ? annotations.GetValueOrDefault(NodeUid, mirror) : pod.Metadata?.Uid ?? "";

    private static IReadOnlyDictionary<string, string> Known(Dictionary<string, string>? labels) => labels is { Count: > 0 } ? labels : PodSpec.NoLabels;

    private static IEnumerable<ContainerSpec> Containers(
        IReadOnlyList<ApiContainer>? declared, IReadOnlyList<ApiContainerStatus>? statuses, Func<ApiContainer, ContainerKind> kind) =>
        (declared ?? []).Select(container => new ContainerSpec(container.Name ?? "", container.Image ?? "", "", PodSpec.NoLabels, kind(container))
        {
            Id = Id(statuses?.FirstOrDefault(status => status.Name == container.Name)),
            CpuRequest = CpuQuantity.Cores(container.Resources?.Requests?.GetValueOrDefault("cpu")),
        });

    /// <summary>
    /// The id of the container that runs, else of the one that ended last: while the next one is not made, the directory names the ended
    /// one by it.
    /// </summary>
    private static string Id(ApiContainerStatus? status) =>
        new[] { status?.ContainerId, status?.State?.Terminated?.ContainerId, status?.LastState?.Terminated?.ContainerId }
            .Select(BareId).FirstOrDefault(id => id.Length > 0) ?? "";

    /// <summary><c>containerd://3f…</c> without the runtime's name; empty when there is no hexadecimal id.</summary>
    private static string BareId(string? id)
    {
        int at = id?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        string bare = at < 0 ? "" : id![(at + 3)..].ToLowerInvariant();
        return bare.All(char.IsAsciiHexDigit) ? bare : "";
    }

    /// <summary>The controller, or the one behind it when its name is made of that one's.</summary>
    private static string Owner(ApiMeta? pod)
    {
        if (pod?.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true) is not { Kind: { } kind, Name: { } name })
        {
            return "";
        }
        if (kind == "ReplicaSet" && pod.Labels?.GetValueOrDefault(TemplateHash) is { Length: > 0 } hash
            && name.EndsWith($"-{hash}", StringComparison.Ordinal) && name.Length > hash.Length + 1)
        {
            return $"Deployment/{name[..^(hash.Length + 1)]}";
        }
        return kind == "Job" && OfCronJob().Match(name) is { Success: true } scheduled ? $"CronJob/{scheduled.Groups[1].Value}" : $"{kind}/{name}";
    }

    /// <summary>A CronJob names its jobs by the minute they are due, counted from 1970; before Kubernetes 1.21 by the second.</summary>
    [GeneratedRegex(@"^(.+)-(?:[0-9]{8}|[0-9]{10})$")]
    private static partial Regex OfCronJob();
}
