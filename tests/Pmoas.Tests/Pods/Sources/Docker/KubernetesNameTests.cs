using Pmoas.Host.Pods.Sources.Docker;

namespace Pmoas.Tests.Pods.Sources.Docker;

public sealed class KubernetesNameTests
{
    [Theory]
    [InlineData("k8s_web_web-7d4b_shop_1b4e28ba-2fa1_0", "shop", "web-7d4b", "1b4e28ba-2fa1", "web")]
    [InlineData("k8s_POD_web-7d4b_shop_1b4e28ba-2fa1_0", "shop", "web-7d4b", "1b4e28ba-2fa1", "")]
    [InlineData("k8s_web_web-7d4b_shop_1b4e28ba-2fa1_0_5f3a", "shop", "web-7d4b", "1b4e28ba-2fa1", "web")]
    public void the_name_tells_all(string name, string ns, string pod, string uid, string container) =>
        Assert.Equal(new KubernetesName(ns, pod, uid, container), KubernetesName.Of(new DockerContainer("c", name, "", "", Specs.None)));

    [Theory]
    [InlineData("web")]
    [InlineData("k8s_web")]
    [InlineData("shop_web_1")]
    [InlineData("my_k8s_web_pod_ns_uid_0")]
    [InlineData("")]
    public void other_names_are_not_of_Kubernetes(string name) =>
        Assert.Null(KubernetesName.Of(new DockerContainer("c", name, "", "", Specs.None)));

    [Fact]
    public void labels_go_before_the_name() =>
        Assert.Equal(new KubernetesName("ns", "pod", "uid", ""), KubernetesName.Of(new DockerContainer("c", "k8s_a_b_c_d_0", "", "", new Dictionary<string, string>
        {
            ["io.kubernetes.pod.name"] = "pod",
            ["io.kubernetes.pod.namespace"] = "ns",
            ["io.kubernetes.pod.uid"] = "uid",
            ["io.kubernetes.container.name"] = "POD",
        })));
}
