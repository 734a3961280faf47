using System.Text.Json;
using k8s;
using k8s.Models;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources.Kubernetes;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class PodSpecsTests
{
    [Fact]
    public void a_pod_is_described_by_its_own_words()
    {
        V1Pod pod = Pod("web");
        pod.Metadata.Uid = "7d3f";
        pod.Metadata.Labels = new Dictionary<string, string> { ["app"] = "web" };
        pod.Metadata.Annotations = new Dictionary<string, string>
        {
            ["team"] = "shop",
            ["kubectl.kubernetes.io/last-applied-configuration"] = "{}",
        };
        (pod.Status.PodIP, pod.Status.HostIP) = ("10.0.0.7", "192.168.0.1");

        PodSpec spec = Of(pod);

        Assert.Equal(("shop", "web", "7d3f", "10.0.0.7", "192.168.0.1", "", true), (spec.Namespace, spec.Name, spec.Uid, spec.Ip, spec.HostIp, spec.Owner, spec.IsComplete));
        Assert.Equal([new KeyValuePair<string, string>("app", "web")], spec.Labels);
        Assert.Equal([new KeyValuePair<string, string>("team", "shop")], spec.Annotations);
        Assert.Empty(spec.Sources);
    }

    [Fact]
    public void every_kind_of_container_is_told_with_its_image_and_id()
    {
        V1Pod pod = Pod("web");
        V1Container sidecar = Container("proxy");
        sidecar.RestartPolicy = "Always";
        pod.Spec.InitContainers = [Container("setup"), sidecar];
        pod.Spec.EphemeralContainers = [new V1EphemeralContainer { Name = "debugger", Image = "busybox" }];
        pod.Status.ContainerStatuses = [Status("app", $"containerd://{Id('a')}")];
        pod.Status.InitContainerStatuses = [Status("setup", $"cri-o://{Id('b')}"), Status("proxy", $"docker://{Id('C')}")];
        pod.Status.EphemeralContainerStatuses = [Status("debugger", $"containerd://{Id('d')}")];

        Assert.Equal(
            [
                ("app", "example.org/app:1", ContainerKind.Main, Id('a')),
                ("setup", "example.org/setup:1", ContainerKind.Init, Id('b')),
                ("proxy", "example.org/proxy:1", ContainerKind.NativeSidecar, Id('c')),
                ("debugger", "busybox", ContainerKind.Ephemeral, Id('d')),
            ],
            Of(pod).Containers.Select(c => (c.Name, c.Image, c.Kind, c.Id)));
        Assert.All(Of(pod).Containers, c => Assert.Equal("", c.CgroupPath));
    }

    [Fact]
    public void a_container_without_an_id_yet_is_told_without()
    {
        V1Pod pod = Pod("web", containers: ["app", "proxy"]);
        pod.Status.ContainerStatuses = [Status("app", ""), Status("stranger", $"containerd://{Id('a')}")];

        Assert.Equal(["", ""], Of(pod).Containers.Select(c => c.Id));
    }

    [Fact]
    public void an_id_that_is_none_is_left_out()
    {
        V1Pod pod = Pod("web");
        pod.Status.ContainerStatuses = [Status("app", "containerd://../../etc")];

        Assert.Equal("", Of(pod).Containers[0].Id);
    }

    [Fact]
    public void a_container_that_was_started_again_has_its_new_id()
    {
        V1Pod pod = Pod("web");
        V1ContainerStatus status = Status("app", $"containerd://{Id('b')}");
        status.State = new V1ContainerState { Running = new V1ContainerStateRunning() };
        status.LastState = Ended('a');
        pod.Status.ContainerStatuses = [status];

        Assert.Equal(Id('b'), Of(pod).Containers[0].Id);
    }

    [Fact]
    public void a_container_that_ended_keeps_its_id_until_there_is_a_next_one()
    {
        V1Pod pod = Pod("web", containers: ["ended", "waiting"]);
        V1ContainerStatus ended = Status("ended", "");
        ended.State = Ended('a');
        V1ContainerStatus waiting = Status("waiting", "");
        waiting.State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = "CrashLoopBackOff" } };
        waiting.LastState = Ended('b');
        pod.Status.ContainerStatuses = [ended, waiting];

        Assert.Equal([Id('a'), Id('b')], Of(pod).Containers.Select(c => c.Id));
    }

    [Fact]
    public void a_static_pod_of_the_kubelet_has_the_uid_its_cgroup_is_named_after()
    {
        V1Pod pod = Pod("kube-proxy-node-1");
        pod.Metadata.Uid = "of-the-mirror";
        pod.Metadata.Annotations = new Dictionary<string, string>
        {
            ["kubernetes.io/config.hash"] = "5f1c",
            ["kubernetes.io/config.mirror"] = "5f1c",
            ["kubernetes.io/config.source"] = "file",
        };

        Assert.Equal("5f1c", Of(pod).Uid);

        pod.Metadata.Annotations.Remove("kubernetes.io/config.mirror");
        Assert.Equal("of-the-mirror", Of(pod).Uid);
    }

    [Theory]
    [InlineData("ReplicaSet", "web-6d4cf56db6", "6d4cf56db6", "Deployment/web")]
    [InlineData("ReplicaSet", "web-by-hand", "6d4cf56db6", "ReplicaSet/web-by-hand")]
    [InlineData("ReplicaSet", "web-6d4cf56db6", null, "ReplicaSet/web-6d4cf56db6")]
    [InlineData("Job", "backup-28543210", null, "CronJob/backup")]
    [InlineData("Job", "backup-1617753600", null, "CronJob/backup")]
    [InlineData("Job", "backup-7", null, "Job/backup-7")]
    [InlineData("StatefulSet", "db", null, "StatefulSet/db")]
    [InlineData("Node", "node-1", null, "Node/node-1")]
    public void the_owner_is_the_workload_behind_the_controller(string kind, string name, string? hash, string owner)
    {
        V1Pod pod = Pod("web");
        pod.Metadata.Labels = hash is null ? null : new Dictionary<string, string> { ["pod-template-hash"] = hash };
        pod.Metadata.OwnerReferences =
            [new V1OwnerReference { Kind = "Gardener", Name = "someone" }, new V1OwnerReference { Kind = kind, Name = name, Controller = true }];

        Assert.Equal(owner, Of(pod).Owner);
    }

    [Fact]
    public void a_pod_of_which_nothing_is_told_is_described_by_nothing()
    {
        PodSpec spec = PodSpecs.Of(new ApiPod(null, null, null));

        Assert.Equal(("", "", "", 0), (spec.Namespace, spec.Name, spec.Uid, spec.Containers.Count));
    }

    private static PodSpec Of(V1Pod pod) => PodSpecs.Of(JsonSerializer.Deserialize(KubernetesJson.Serialize(pod), ApiJson.Default.ApiPod)!);

    private static V1ContainerStatus Status(string name, string id) => new()
    {
        Name = name,
        ContainerID = id,
        Image = "sha256:1",
        ImageID = "",
        Ready = true,
        RestartCount = 0,
    };

    private static V1ContainerState Ended(char id) => new() { Terminated = new V1ContainerStateTerminated { ContainerID = $"containerd://{Id(id)}" } };
}
