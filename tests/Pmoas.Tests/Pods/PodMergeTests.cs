using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class PodMergeTests
{
    [Fact]
    public void two_sources_complete_one_another()
    {
        PodSpec fromApi = Specs.Pod("p", Specs.Container("a", image: "nginx:1.22"), Specs.Container("b")) with { Uid = "u1" };
        PodSpec fromRuntime = Specs.Pod("p", Specs.Container("a", "/k/a", "sha256:1"), Specs.Container("c", "/k/c"));

        PodSpec pod = Assert.Single(PodMerge.Merge([[fromApi], [fromRuntime]]));

        Assert.Equal("u1", pod.Uid);
        Assert.Equal(["a nginx:1.22 /k/a", "b  ", "c  /k/c"], pod.Containers.Select(c => $"{c.Name} {c.Image} {c.CgroupPath}"));
    }

    [Fact]
    public void the_first_source_is_believed_on_a_label()
    {
        PodSpec first = Specs.Pod("p") with { Labels = new Dictionary<string, string> { ["a"] = "1" } };
        PodSpec second = Specs.Pod("p") with { Labels = new Dictionary<string, string> { ["a"] = "2", ["b"] = "2" } };

        PodSpec pod = Assert.Single(PodMerge.Merge([[first], [second]]));

        Assert.Equal(["a=1", "b=2"], pod.Labels.Select(l => $"{l.Key}={l.Value}").Order());
    }

    [Fact]
    public void pods_of_one_name_with_other_uids_are_two() =>
        Assert.Equal(2, PodMerge.Merge([[Specs.Pod("p") with { Uid = "u1" }, Specs.Pod("p") with { Uid = "u2" }]]).Count);
}
