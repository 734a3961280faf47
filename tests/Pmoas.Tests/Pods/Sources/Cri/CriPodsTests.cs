using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;
using Pmoas.Host.Pods.Sources.Cri;
using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Tests.Pods.Sources.Cri;

public sealed class CriPodsTests
{
    private const string ImageId = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public void a_sandbox_is_a_pod_with_its_containers_oldest_first()
    {
        PodSandbox sandbox = Sandbox("s1", "web-1", "uid-1");
        sandbox.Labels.Add("app", "web");
        sandbox.Annotations.Add("pmoas.io/sidecar", "proxy");
        Container proxy = Container("c2", "s1", "proxy", 2);
        proxy.Labels.Add("io.kubernetes.container.name", "proxy");
        proxy.Annotations.Add("hash", "1");

        PodSpec pod = Assert.Single(CriPods.Of(
            [proxy, Container("c1", "s1", "web", 1)], [sandbox],
            new Dictionary<string, CriInfo> { ["c2"] = new(139, "/kubepods/pod1/c2", "envoy:1") }, new Dictionary<string, string> { ["s1"] = "10.0.0.7" },
            path => path));

        Assert.Equal(("lab", "web-1", "uid-1", "10.0.0.7", false), (pod.Namespace, pod.Name, pod.Uid, pod.Ip, pod.IsComplete));
        Assert.Equal(("web", "proxy"), (pod.Labels["app"], pod.Annotations["pmoas.io/sidecar"]));
        Assert.Equal(
            [("", "s1", ContainerKind.Sandbox), ("web", "c1", ContainerKind.Main), ("proxy", "c2", ContainerKind.Main)],
            pod.Containers.Select(c => (c.Name, c.Id, c.Kind)));
        ContainerSpec known = pod.Containers[2];
        Assert.Equal((139, 0, "/kubepods/pod1/c2", "envoy:1"), (known.RuntimePid, known.Pid, known.CgroupPath, known.Image));
        Assert.Equal(("proxy", "1"), (known.Labels["io.kubernetes.container.name"], known.Annotations["hash"]));
    }

    [Fact]
    public void a_container_that_ended_keeps_its_name_and_loses_its_process()
    {
        Container ended = Container("c1", "s1", "init", 1);
        ended.State = ContainerState.ContainerExited;
        ContainerSpec spec = Assert.Single(CriPods.Of(
            [ended], [Sandbox("s1", "web-1", "uid-1")], new Dictionary<string, CriInfo> { ["c1"] = new(139, "/a", "busybox:1") }, Specs.None, path => path))
            .Containers[1];
        Assert.Equal(("init", "busybox:1", 0, ""), (spec.Name, spec.Image, spec.RuntimePid, spec.CgroupPath));
    }

    [Fact]
    public void two_sandboxes_of_one_pod_are_one_pod_described_by_the_one_that_lives()
    {
        PodSandbox dead = Sandbox("s1", "web-1", "uid-1");
        dead.State = PodSandboxState.SandboxNotready;
        dead.CreatedAt = 9;
        dead.Labels.Add("version", "old");
        PodSandbox alive = Sandbox("s2", "web-1", "uid-1");
        alive.Labels.Add("version", "new");
        PodSpec pod = Assert.Single(CriPods.Of(
            [Container("c1", "s1", "web", 1), Container("c2", "s2", "web", 2)], [dead, alive], NoInfos, new Dictionary<string, string> { ["s2"] = "10.0.0.8" }, path => path));
        Assert.Equal(("new", "10.0.0.8"), (pod.Labels["version"], pod.Ip));
        Assert.Equal(["s2", "s1", "c1", "c2"], pod.Containers.Select(c => c.Id));
    }

    [Fact]
    public void the_order_a_runtime_lists_in_makes_no_difference()
    {
        Container[] containers = [Container("c1", "s1", "a", 1), Container("c2", "s1", "b", 1), Container("c3", "s2", "c", 1)];
        PodSandbox[] sandboxes = [Sandbox("s1", "x", "u1"), Sandbox("s2", "y", "u2")];
        IReadOnlyList<PodSpec> one = CriPods.Of(containers, sandboxes, NoInfos, Specs.None, path => path);
        IReadOnlyList<PodSpec> other = CriPods.Of([.. containers.Reverse()], [.. sandboxes.Reverse()], NoInfos, Specs.None, path => path);
        Assert.True(PodList.IsSame(one, other));
        Assert.Equal(["x", "y"], one.Select(pod => pod.Name));
    }

    [Theory]
    [InlineData("nginx:1.27", "", "x", "nginx:1.27")]
    [InlineData(ImageId, "nginx:1.27", "x", "nginx:1.27")]
    [InlineData(ImageId, "", "docker.io/library/nginx@sha256:aa", "docker.io/library/nginx@sha256:aa")]
    [InlineData(ImageId, "", ImageId, "")]
    public void an_image_is_named_as_somebody_wrote_it(string image, string user, string reference, string expected)
    {
        Container container = Container("c1", "s1", "web", 1);
        container.Image = new ImageSpec { Image = image, UserSpecifiedImage = user };
        container.ImageRef = reference;
        Assert.Equal(expected, CriPods.Of([container], [Sandbox("s1", "web-1", "u")], NoInfos, Specs.None, path => path)[0].Containers[1].Image);
    }

    private static Dictionary<string, CriInfo> NoInfos => [];

    private static PodSandbox Sandbox(string id, string name, string uid) =>
        new() { Id = id, Metadata = new PodSandboxMetadata { Name = name, Namespace = "lab", Uid = uid }, CreatedAt = 1 };

    private static Container Container(string id, string sandbox, string name, long created) => new()
    {
        Id = id,
        PodSandboxId = sandbox,
        Metadata = new ContainerMetadata { Name = name },
        State = ContainerState.ContainerRunning,
        CreatedAt = created,
    };
}
