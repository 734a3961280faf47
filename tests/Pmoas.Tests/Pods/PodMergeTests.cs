using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class PodMergeTests
{
    private const string Id1 = "1111111111111111111111111111111111111111111111111111111111111111";
    private const string Id2 = "2222222222222222222222222222222222222222222222222222222222222222";

    [Fact]
    public void two_sources_complete_one_another()
    {
        PodSpec fromApi = Specs.Pod("p", Specs.Container("a", image: "nginx:1.22"), Specs.Container("b")) with { Uid = "u1", Ip = "10.0.0.7", Owner = "Deployment/web" };
        PodSpec fromRuntime = Specs.Pod("p", Specs.Container("a", "/k/a", "sha256:1"), Specs.Container("c", "/k/c")) with { Ip = "10.0.0.8", HostIp = "10.0.0.1" };

        PodSpec pod = Merge(fromApi, fromRuntime);

        Assert.Equal(("u1", "10.0.0.7", "10.0.0.1", "Deployment/web"), (pod.Uid, pod.Ip, pod.HostIp, pod.Owner));
        Assert.Equal(["a nginx:1.22 /k/a", "b  ", "c  /k/c"], pod.Containers.Select(c => $"{c.Name} {c.Image} {c.CgroupPath}"));
    }

    [Fact]
    public void the_first_source_is_believed_on_a_label()
    {
        PodSpec pod = Merge(
            Specs.Pod("p") with { Labels = new Dictionary<string, string> { ["a"] = "1" } },
            Specs.Pod("p") with { Labels = new Dictionary<string, string> { ["a"] = "2", ["b"] = "2" } });

        Assert.Equal(["a=1", "b=2"], pod.Labels.Select(l => $"{l.Key}={l.Value}").Order());
    }

    /// <summary>A pod is written <c>namespace/name uid id cgroup</c>, with <c>-</c> for what is not known.</summary>
    [Theory]
    [InlineData("a/p u1 1 -", "-/- - 1 -", 1)] // by id
    [InlineData("a/p u1 1 -", "-/- - 2 -", 2)]
    [InlineData("a/p - - /x", "-/- u1 1 /x", 1)] // by cgroup
    [InlineData("a/p - - /x", "-/- u1 1 /y", 2)]
    [InlineData("a/p u1 - -", "-/- u1 1 /x", 1)] // by UID
    [InlineData("a/p u1 - -", "-/- u2 1 /x", 2)]
    [InlineData("a/p - - -", "a/p u1 1 /x", 1)] // by name
    [InlineData("a/p - - -", "b/p u1 1 /x", 2)]
    [InlineData("a/p - - -", "a/q - - -", 2)]
    [InlineData("a/p u1 - -", "a/p u2 - -", 2)] // known to be another one of that name
    [InlineData("-/- - 1 -", "-/- - 2 -", 2)] // two nameless ones are not one
    public void a_pod_is_the_same_by_id_cgroup_uid_or_name(string first, string second, int pods)
    {
        Assert.Equal(pods, PodMerge.Merge([[Written(first)], [Written(second)]]).Count);
        Assert.Equal(pods, PodMerge.Merge([[Written(second)], [Written(first)]]).Count);
        Assert.Equal(pods, PodMerge.Merge([[Written(first), Written(second)]]).Count);
    }

    [Fact]
    public void three_pods_become_one_when_a_later_source_knows_that_they_are()
    {
        PodSpec pod = Merge([
            Written("a/p - - -", "api"), Written("-/- - 1 /x", "cgroups"), Written("-/- - 2 /y", "cgroups"),
            Specs.Pod("p", Specs.Container("app", "/x") with { Id = Id1 }, Specs.Container("proxy", "/y") with { Id = Id2 }) with { Namespace = "a", Sources = ["last"] },
        ]);

        Assert.Equal("a/p", $"{pod.Namespace}/{pod.Name}");
        Assert.Equal(["api", "cgroups", "last"], pod.Sources);
        Assert.Equal(["app /x", "proxy /y"], pod.Containers.Select(c => $"{c.Name} {c.CgroupPath}"));
    }

    [Fact]
    public void what_is_swallowed_late_is_still_believed_before_what_came_later()
    {
        PodSpec pod = Merge([
            Written("-/- - 1 -", "first") with { Ip = "" },
            Written("-/- - 2 -", "second") with { Ip = "10.0.0.2" },
            Written("-/- - 1 -", "third") with { Ip = "10.0.0.3" },
            Specs.Pod("p", Specs.Container("a") with { Id = Id1 }, Specs.Container("b") with { Id = Id2 }) with { Sources = ["third"] },
        ]);

        Assert.Equal("10.0.0.2", pod.Ip);
        Assert.Equal(["first", "second", "third"], pod.Sources);
    }

    [Fact]
    public void a_source_without_uids_does_not_make_one_of_two_pods_that_had_a_name_in_turn()
    {
        IReadOnlyList<PodSpec> pods = PodMerge.Merge([[Written("a/p u1 1 -", "api"), Written("a/p u2 2 -", "api")], [Written("a/p - 2 /y", "runtime")]]);

        Assert.Equal(["u1 api", "u2 api,runtime"], pods.Select(p => $"{p.Uid} {string.Join(',', p.Sources)}"));
    }

    [Theory]
    [InlineData("nginx:1.22", "nginx:1.25", "nginx:1.22")]
    [InlineData("", "nginx:1.25", "nginx:1.25")]
    [InlineData("nginx:1.22", "", "nginx:1.22")]
    [InlineData("sha256:0a1b", "nginx:1.25", "nginx:1.25")]
    [InlineData(Id1, "nginx:1.25", "nginx:1.25")]
    [InlineData("sha256:0a1b", "", "sha256:0a1b")]
    [InlineData("sha256:0a1b", Id1, "sha256:0a1b")]
    [InlineData("", "sha256:0a1b", "sha256:0a1b")]
    [InlineData("nginx@sha256:0a1b", "nginx:1.25", "nginx@sha256:0a1b")]
    [InlineData("nginx:1.22", "sha256:0a1b", "nginx:1.22")]
    [InlineData("deadbeef", "nginx:1.25", "deadbeef")]
    public void an_image_that_is_only_an_id_yields_to_a_name(string first, string second, string image) =>
        Assert.Equal(image, Assert.Single(Merge(Specs.Pod("p", Specs.Container("a", image: first)), Specs.Pod("p", Specs.Container("a", image: second))).Containers).Image);

    [Theory]
    [InlineData(nameof(ContainerKind.Main), nameof(ContainerKind.Init), nameof(ContainerKind.Init))]
    [InlineData(nameof(ContainerKind.Init), nameof(ContainerKind.Main), nameof(ContainerKind.Init))]
    [InlineData(nameof(ContainerKind.NativeSidecar), nameof(ContainerKind.Init), nameof(ContainerKind.NativeSidecar))]
    [InlineData(nameof(ContainerKind.Main), nameof(ContainerKind.Sandbox), nameof(ContainerKind.Sandbox))]
    [InlineData(nameof(ContainerKind.Main), nameof(ContainerKind.Main), nameof(ContainerKind.Main))]
    public void main_yields_to_a_kind_that_is_known(string first, string second, string kind) =>
        Assert.Equal(kind, Assert.Single(Merge(
            Specs.Pod("p", Specs.Container("a", kind: Enum.Parse<ContainerKind>(first))),
            Specs.Pod("p", Specs.Container("a", kind: Enum.Parse<ContainerKind>(second)))).Containers).Kind.ToString());

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, false)]
    public void one_source_that_knows_all_containers_is_enough(bool first, bool second, bool isComplete) =>
        Assert.Equal(isComplete, Merge(Specs.Pod("p") with { IsComplete = first }, Specs.Pod("p") with { IsComplete = second }).IsComplete);

    [Fact]
    public void processes_are_filled_from_the_source_that_knows_them()
    {
        ContainerSpec container = Assert.Single(Merge(
            Specs.Pod("p", Specs.Container("a") with { Id = Id1 }),
            Specs.Pod("p", Specs.Container("a", "/x") with { Id = Id1, Pid = 4711, RuntimePid = 9 })).Containers);

        Assert.Equal((Id1, "/x", 4711, 9), (container.Id, container.CgroupPath, container.Pid, container.RuntimePid));
    }

    [Fact]
    public void a_container_started_again_is_beside_the_ended_one_and_is_run_as_that_was()
    {
        PodSpec api = Specs.Pod("p", Specs.Container("proxy", image: "envoy:1", kind: ContainerKind.NativeSidecar) with { Id = Id1 });
        PodSpec runtime = Specs.Pod("p",
            Specs.Container("proxy", "/x/1", "sha256:0a1b") with { Id = Id1 },
            Specs.Container("proxy", "/x/2", "sha256:0a1b") with { Id = Id2, Pid = 9 });

        Assert.Equal(
            [$"{Id1} /x/1 envoy:1 NativeSidecar 0", $"{Id2} /x/2 envoy:1 NativeSidecar 9"],
            Merge(api, runtime).Containers.Select(c => $"{c.Id} {c.CgroupPath} {c.Image} {c.Kind} {c.Pid}"));
    }

    [Fact]
    public void a_container_is_added_once_though_its_name_alone_fits_an_earlier_one()
    {
        PodSpec declared = Specs.Pod("p", Specs.Container("a", kind: ContainerKind.Init));
        PodSpec runtime = Specs.Pod("p", Specs.Container("a", "/x/1") with { Id = Id1 }, Specs.Container("a", "/x/2") with { Id = Id2 });
        PodSpec cgroups = Specs.Pod("", Specs.Container("", "/x/2") with { Id = Id2 }, Specs.Container("", "/x/1") with { Id = Id1 });

        Assert.Equal(
            ["a /x/1 Init", "a /x/2 Init"],
            Merge(declared, runtime, cgroups).Containers.Select(c => $"{c.Name} {c.CgroupPath} {c.Kind}"));
    }

    [Fact]
    public void a_container_known_by_id_here_and_by_cgroup_there_becomes_one() =>
        Assert.Equal(
            [$"a {Id1} /x"],
            Merge(
                Specs.Pod("p", Specs.Container("a") with { Id = Id1 }),
                Specs.Pod("p", Specs.Container("", "/x")),
                Specs.Pod("p", Specs.Container("", "/x") with { Id = Id1 })).Containers.Select(c => $"{c.Name} {c.Id} {c.CgroupPath}"));

    [Fact]
    public void nothing_is_lost_of_pods_that_have_nothing_in_common() =>
        Assert.Equal(["p", "q", "r"], PodMerge.Merge([[Specs.Pod("p"), Specs.Pod("q")], [], [Specs.Pod("r")]]).Select(p => p.Name));

    private static PodSpec Merge(params PodSpec[] pods) => Assert.Single(PodMerge.Merge(pods.Select(IReadOnlyList<PodSpec> (pod) => [pod])));

    private static PodSpec Written(string pod, string source = "s")
    {
        string[] parts = [.. pod.Split(' ').SelectMany((part, i) => i == 0 ? part.Split('/') : [part]).Select(part => part == "-" ? "" : part)];
        string id = parts[3] switch { "1" => Id1, "2" => Id2, _ => "" };
        ContainerSpec[] containers = id.Length + parts[4].Length > 0 ? [Specs.Container("", parts[4]) with { Id = id }] : [];
        return new PodSpec(parts[0], parts[1], parts[2], Specs.None, Specs.None, containers) { Sources = [source] };
    }
}
