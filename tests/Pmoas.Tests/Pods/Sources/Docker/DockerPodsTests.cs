using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources.Docker;

namespace Pmoas.Tests.Pods.Sources.Docker;

public sealed class DockerPodsTests
{
    [Fact]
    public void a_container_alone_is_a_pod_of_one()
    {
        DockerContainer web = Container("c1", "web", "bridge", ("com.docker.compose.service", "web")) with { Image = "nginx:1.27", Pid = 12, Ip = "172.17.0.2" };
        PodSpec pod = Assert.Single(DockerPods.Of([web]));
        Assert.Equal(("docker", "web", "", "172.17.0.2", "web"), (pod.Namespace, pod.Name, pod.Uid, pod.Ip, pod.Labels["com.docker.compose.service"]));
        ContainerSpec container = Assert.Single(pod.Containers);
        Assert.Equal(("web", "nginx:1.27", "c1", 12, ContainerKind.Main), (container.Name, container.Image, container.Id, container.RuntimePid, container.Kind));
        Assert.Equal("web", container.Labels["com.docker.compose.service"]);
    }

    [Fact]
    public void all_that_share_a_network_are_one_pod_of_its_owner_through_any_chain()
    {
        IReadOnlyList<PodSpec> pods = DockerPods.Of(
        [
            Container("c3", "debug", "container:c2") with { Created = At(3) },
            Container("c1", "web", "bridge", ("app", "shop")) with { Created = At(1) },
            Container("c2", "proxy", "container:c1", ("app", "mesh")) with { Created = At(2) },
            Container("c4", "other", "default"),
        ]);
        Assert.Equal(["other", "web"], pods.Select(pod => pod.Name));
        Assert.Equal(["web", "proxy", "debug"], pods[1].Containers.Select(c => c.Name));
        Assert.Equal(("shop", "mesh"), (pods[1].Labels["app"], pods[1].Containers[1].Labels["app"]));
    }

    [Theory]
    [InlineData("container:web")]
    [InlineData("container:aaaaaaaaaaaa")]
    public void a_network_is_also_shared_by_name_and_by_the_beginning_of_an_id(string network)
    {
        string id = new('a', 64);
        Assert.Equal("web", Assert.Single(DockerPods.Of([Container(id, "web", "bridge"), Container("c2", "proxy", network)])).Name);
    }

    [Fact]
    public void those_that_share_a_network_stay_together_when_its_owner_is_gone()
    {
        PodSpec pod = Assert.Single(DockerPods.Of(
            [Container("c2", "proxy", "container:gone") with { Created = At(1) }, Container("c3", "debug", "container:gone") with { Created = At(2) }]));
        Assert.Equal("proxy", pod.Name);
        Assert.Equal(["proxy", "debug"], pod.Containers.Select(c => c.Name));
    }

    [Fact]
    public void a_circle_of_networks_ends() =>
        Assert.Equal(2, DockerPods.Of([Container("c1", "a", "container:c2"), Container("c2", "b", "container:c1")]).Sum(pod => pod.Containers.Count));

    [Fact]
    public void containers_on_the_hosts_network_are_pods_of_their_own() =>
        Assert.Equal(["a", "b"], DockerPods.Of([Container("c1", "a", "host"), Container("c2", "b", "host")]).Select(pod => pod.Name));

    [Fact]
    public void containers_of_Kubernetes_are_its_pod_with_the_sandbox_told_apart()
    {
        DockerContainer sandbox = Container("c1", "k8s_POD_web-1_shop_uid-1_0", "none", ("io.kubernetes.pod.name", "web-1"),
            ("io.kubernetes.pod.namespace", "shop"), ("io.kubernetes.pod.uid", "uid-1"), ("app", "web"), ("annotation.pmoas.io/sidecar", "proxy"));
        DockerContainer web = Container("c2", "k8s_web_web-1_shop_uid-1_0", "container:c1", ("annotation.io.kubernetes.container.hash", "5"));
        DockerContainer debug = Container("c3", "netshoot", "container:c1");
        PodSpec pod = Assert.Single(DockerPods.Of([debug, web, sandbox]));
        Assert.Equal(("shop", "web-1", "uid-1"), (pod.Namespace, pod.Name, pod.Uid));
        Assert.Equal(("web", "proxy"), (pod.Labels["app"], pod.Annotations["pmoas.io/sidecar"]));
        Assert.Equal(
            [("", ContainerKind.Sandbox), ("web", ContainerKind.Main), ("netshoot", ContainerKind.Main)], pod.Containers.Select(c => (c.Name, c.Kind)));
        Assert.Equal("5", pod.Containers[1].Annotations["io.kubernetes.container.hash"]);
        Assert.Empty(pod.Containers[1].Labels);
    }

    [Fact]
    public void a_container_of_Kubernetes_stays_with_its_pod_when_its_sandbox_was_made_anew() =>
        Assert.Equal(["old", "", "new"], Assert.Single(DockerPods.Of(
        [
            Container("c1", "k8s_old_web-1_shop_uid-1_0", "container:gone") with { Created = At(1) },
            Container("c2", "k8s_POD_web-1_shop_uid-1_1", "none") with { Created = At(2) },
            Container("c3", "k8s_new_web-1_shop_uid-1_0", "container:c2") with { Created = At(3) },
        ])).Containers.Select(c => c.Name));

    private static DockerContainer Container(string id, string name, string network, params (string Key, string Value)[] labels) =>
        new(id, name, "", network, labels.ToDictionary(label => label.Key, label => label.Value));

    private static DateTime At(int second) => new(2026, 1, 1, 0, 0, second, DateTimeKind.Utc);
}
