using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using Pmoas.Host.Pods;

namespace Pmoas.Benchmarks;

/// <summary>Pods as a busy node has them, by number: the same number and seed give the same pod in every process. Pure.</summary>
/// <param name="Seed">Makes the ids of one run other than those of the next.</param>
internal sealed record GeneratedPods(string Seed)
{
    /// <summary>Containers of a pod, the sandbox not among them.</summary>
    internal static readonly IReadOnlyList<string> Containers = ["app", "metrics", "proxy"];

    internal const string Node = "bench-node";

    private static readonly string LongAnnotation = string.Concat(Enumerable.Repeat("""{"name":"eth0","ips":["10.244.3.17"],"mac":"0a:58:0a:f4:03:11"},""", 16));

    internal static string Namespace(int pod) => $"team-{pod % 20}";

    internal static string Name(int pod) => $"checkout-{pod / 10}-6d4cf56db6-{pod:x5}";

    internal string Uid(int pod) => new Guid(Hash($"{pod}").AsSpan(0, 16)).ToString();

    /// <summary>The runtime's id of a container; of the sandbox by the name "pause".</summary>
    internal string Id(int pod, string container) => Convert.ToHexStringLower(Hash($"{pod}/{container}"));

    /// <summary>Cgroup of the pod below the run's own.</summary>
    internal string PodCgroup(int pod) => $"/{Seed}/kubepods/besteffort/pod{Uid(pod)}";

    internal string Cgroup(int pod, string container) => $"{PodCgroup(pod)}/{Id(pod, container)}";

    /// <summary>As the API server tells it.</summary>
    /// <param name="pod">Its number.</param>
    /// <param name="sidecar">The container that the pod lists as its sidecar.</param>
    internal V1Pod OfApi(int pod, string sidecar) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = Name(pod),
            NamespaceProperty = Namespace(pod),
            Uid = Uid(pod),
            Labels = Labels(pod),
            Annotations = Annotations(sidecar),
            OwnerReferences = [new V1OwnerReference { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = $"checkout-{pod / 10}-6d4cf56db6", Uid = Uid(-1 - pod), Controller = true }],
        },
        Spec = new V1PodSpec
        {
            NodeName = Node,
            ServiceAccountName = "checkout",
            Containers = [.. Containers.Select(name => new V1Container { Name = name, Image = Image(name), Ports = [new V1ContainerPort { ContainerPort = 8080 }] })],
        },
        Status = new V1PodStatus
        {
            Phase = "Running",
            PodIP = $"10.244.{pod / 250}.{pod % 250}",
            HostIP = "192.0.2.1",
            ContainerStatuses =
            [
                .. Containers.Select(name => new V1ContainerStatus
                {
                    Name = name, Image = Image(name), ImageID = $"registry.example.org/{name}@sha256:{Id(pod, name)}", ContainerID = $"containerd://{Id(pod, name)}", Ready = true,
                }),
            ],
        },
    };

    /// <summary>As a container runtime tells it.</summary>
    /// <param name="pod">Its number.</param>
    /// <param name="sidecar">The container that the pod lists as its sidecar.</param>
    internal PodSpec OfRuntime(int pod, string sidecar) => new(
        Namespace(pod), Name(pod), Uid(pod), Labels(pod), Annotations(sidecar),
        [
            .. Containers.Append("pause").Select(name => new ContainerSpec(
                name == "pause" ? "" : name, name == "pause" ? "" : Image(name), Cgroup(pod, name), PodSpec.NoLabels,
                name == "pause" ? ContainerKind.Sandbox : ContainerKind.Main)
            { Id = Id(pod, name) }),
        ]);

    private static string Image(string container) => $"registry.example.org/shop/{container}:1.27.{container.Length}";

    private static Dictionary<string, string> Labels(int pod) => new()
    {
        ["app.kubernetes.io/name"] = "checkout",
        ["app.kubernetes.io/instance"] = $"checkout-{pod / 10}",
        ["app.kubernetes.io/version"] = "1.27.3",
        ["app.kubernetes.io/component"] = "backend",
        ["app.kubernetes.io/part-of"] = "shop",
        ["app.kubernetes.io/managed-by"] = "helm",
        ["pod-template-hash"] = "6d4cf56db6",
        ["topology.kubernetes.io/zone"] = $"zone-{(pod % 3).ToString(CultureInfo.InvariantCulture)}",
    };

    private static Dictionary<string, string> Annotations(string sidecar) => new()
    {
        [ShippedRules.SidecarLabel] = sidecar,
        ["prometheus.io/scrape"] = "true",
        ["prometheus.io/port"] = "9102",
        ["kubectl.kubernetes.io/restartedAt"] = "2026-01-01T00:00:00Z",
        ["checksum/config"] = "5f3a1c94e2b87d60a4c1e9037b25d8f65f3a1c94e2b87d60a4c1e9037b25d8f6",
        ["k8s.v1.cni.cncf.io/network-status"] = LongAnnotation,
    };

    private byte[] Hash(string what) => SHA256.HashData(Encoding.UTF8.GetBytes($"{Seed}/{what}"));
}
