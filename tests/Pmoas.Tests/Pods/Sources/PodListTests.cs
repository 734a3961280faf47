using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;

namespace Pmoas.Tests.Pods.Sources;

public sealed class PodListTests
{
    private static readonly PodSpec[] Pods = [Specs.Pod("web", Specs.Container("app"), Specs.Container("proxy"))];

    [Fact]
    public void the_same_by_content() => Assert.True(PodList.IsSame(Pods, [Specs.Pod("web", Specs.Container("app"), Specs.Container("proxy"))]));

    [Fact]
    public void another_label_is_a_change() =>
        Assert.False(PodList.IsSame(Pods, [Pods[0] with { Labels = new Dictionary<string, string> { ["a"] = "b" } }]));

    [Fact]
    public void another_process_of_a_container_is_a_change() =>
        Assert.False(PodList.IsSame(Pods, [Pods[0] with { Containers = [Pods[0].Containers[0], Pods[0].Containers[1] with { RuntimePid = 5 }] }]));

    [Fact]
    public void one_pod_or_container_fewer_is_a_change()
    {
        Assert.False(PodList.IsSame(Pods, []));
        Assert.False(PodList.IsSame(Pods, [Pods[0] with { Containers = [Pods[0].Containers[0]] }]));
    }

    [Fact]
    public void a_list_is_renewed_with_the_pods_that_are_the_same()
    {
        PodSpec other = Pods[0] with { Ip = "10.0.0.9" };
        PodSpec nameless = new("", "", "", PodSpec.NoLabels, PodSpec.NoLabels, [Specs.Container("", "/docker/a")]);
        PodSpec same = nameless with { Containers = [Specs.Container("", "/docker/a")] };

        IReadOnlyList<PodSpec> renewed = PodList.Renew([Pods[0], nameless], [same, other]);

        Assert.Same(nameless, renewed[0]);
        Assert.Same(other, renewed[1]);
    }
}
