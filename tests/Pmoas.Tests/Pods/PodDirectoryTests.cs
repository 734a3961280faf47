using System.Diagnostics;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

public sealed class PodDirectoryTests : IDisposable
{
    private readonly PretendNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void a_container_appears_and_goes_with_its_cgroup()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("chain", Specs.Container("proxy", "/lab/proxy", "haproxy:2.6"), Specs.Container("app", "/lab/app"))]);
        Assert.Empty(_node.Pods.All);

        _node.Make("/lab/proxy");
        _node.Make("/lab/app");

        Assert.Equal(["tag /lab/proxy #1 pod 1 Sidecar", "tag /lab/app #2 pod 1 Service"], _node.Kernel.Calls());
        Assert.Equal(["Appeared proxy #1 Sidecar", "Appeared app #2 Service"], _node.News());
        Container proxy = _node.Pods.All.First();
        Assert.Equal(
            new Container
            {
                Id = 1,
                PodId = 1,
                Namespace = "lab",
                Pod = "chain",
                Name = "proxy",
                Role = Role.Sidecar,
                Image = "haproxy:2.6",
                CgroupId = _node.Tree.Find("/lab/proxy")!.Value.Inode,
                CgroupPath = "/lab/proxy",
                RoleReason = "rule 1: name \"proxy\"",
            },
            proxy);

        _node.Remove("/lab/proxy");

        Assert.Equal(["untag /lab/proxy #1"], _node.Kernel.Calls());
        Assert.Equal(["Gone proxy #1 Sidecar"], _node.News());
        Assert.Equal(["app"], _node.Pods.All.Select(c => c.Name));
    }

    [Fact]
    public void a_container_that_ended_stays_readable_for_the_linger_time()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a");
        _node.Remove("/a");

        _node.Clock.Pass(TimeSpan.FromSeconds(29));
        _node.Pods.LookAtOpen();
        Assert.True(_node.Pods.TryGet(1, out Container? ended));
        Assert.Equal("a", ended.Name);
        Assert.Empty(_node.Pods.All);

        _node.Clock.Pass(TimeSpan.FromSeconds(1));
        _node.Pods.LookAtOpen();
        Assert.False(_node.Pods.TryGet(1, out _));
    }

    [Fact]
    public void an_id_is_never_used_again()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        for (uint round = 1; round <= 3; round++)
        {
            _node.Make("/a");
            Container running = Assert.Single(_node.Pods.All);
            Assert.Equal((round, 1u), (running.Id, running.PodId));
            _node.Remove("/a");
        }
        _node.Pods.Publish(0, "test", []);
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a");

        Container again = Assert.Single(_node.Pods.All);
        Assert.Equal((4u, 2u), (again.Id, again.PodId));
    }

    [Fact]
    public void ids_that_the_kernel_gave_are_taken_over_once()
    {
        Directory.CreateDirectory(_node.Root + "/pod0e3a9b6c/a");
        ulong inode = _node.Tree.Find("/pod0e3a9b6c/a")!.Value.Inode;
        _node.Kernel.Given[inode] = new GivenIds(inode, 0x80000007, 0x80000003, "aa");
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/pod0e3a9b6c/a"), Specs.Container("b", "/b"))]);
        _node.Make("/b");

        Assert.Equal([(0x80000007u, 0x80000003u), (1u, 0x80000003u)], _node.Pods.All.Select(c => (c.Id, c.PodId)));
        Assert.Empty(_node.Kernel.Given);
        Assert.Equal(new Dictionary<ulong, uint> { [_node.Tree.Find("/pod0e3a9b6c")!.Value.Inode] = 0x80000003 }, _node.Kernel.PodCgroups);
    }

    [Fact]
    public void a_container_that_nobody_saw_is_named_after_its_end_when_the_kernel_tagged_it_and_missed_when_not()
    {
        _node.Pods.Naming = TimeSpan.FromMinutes(1);
        _node.Kernel.GivenGone[4711] = new GivenIds(4711, 0x80000007, 0x80000003, "aa");

        _node.Pods.Miss("aa");
        _node.Pods.Miss("bb");

        Assert.Equal(1, _node.Pods.Missed);
        Assert.True(_node.Pods.TryGet(0x80000007, out Container? ended));
        Assert.True(ended.IsProvisional);
        Assert.Empty(_node.Kernel.GivenGone);

        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("proxy", "") with { Id = "aa" })]);
        Assert.Equal(["Appeared proxy #2147483655 Sidecar", "Gone proxy #2147483655 Sidecar"], _node.News());
        Assert.Equal(1, _node.Pods.Missed);
    }

    [Fact]
    public void a_cgroup_replaced_between_two_looks_is_another_container()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a");
        Directory.Move(_node.Root + "/a", _node.Root + "/old"); // keeps the inode number in use
        _node.Make("/a");

        Assert.Equal(["Appeared a #1 Service", "Gone a #1 Service", "Appeared a #2 Service"], _node.News());
        Assert.Equal([2u], _node.Kernel.Tags.Values.Select(t => t.Id));
    }

    [Fact]
    public void other_rules_change_the_role_at_once_and_keep_the_id()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("proxy", "/p"), Specs.Container("app", "/a"))]);
        _node.Make("/p", Environment.ProcessId);
        _node.Make("/a");
        _ = (_node.Kernel.Calls(), _node.News());

        _node.Pods.SetRules([new SidecarRule { Name = "app", Origin = "rule 7" }]);

        Assert.Equal(
            ["tag /p #1 pod 1 Service", $"enrol {Environment.ProcessId}", "tag /a #2 pod 1 Sidecar"], _node.Kernel.Calls());
        Assert.Equal(["Changed proxy #1 Service", "Changed app #2 Sidecar"], _node.News());
        Assert.Equal(["no rule matches", "rule 7: name \"app\""], _node.Pods.All.Select(c => c.RoleReason));
    }

    [Fact]
    public void the_same_rules_again_change_nothing()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("proxy", "/p"))]);
        _node.Make("/p");
        _ = (_node.Kernel.Calls(), _node.News());

        _node.Pods.SetRules([new SidecarRule { Name = "proxy", Origin = "rule 1" }]);
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("proxy", "/p"))]);

        Assert.Empty(_node.Kernel.Calls());
        Assert.Empty(_node.News());
    }

    [Fact]
    public void cgroups_below_a_container_s_belong_to_it_unless_another_declares_them()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"), Specs.Container("b", "/a/b"))]);
        _node.Make("/a/worker/one");
        _node.Make("/a/b/two");

        Assert.Equal(
            ["/a #1", "/a/b #2", "/a/b/two #2", "/a/worker #1", "/a/worker/one #1"],
            _node.Kernel.Tags.Values.Select(t => $"{t.CgroupPath} #{t.Id}").Order(StringComparer.Ordinal));

        _node.Remove("/a/worker/one");

        Assert.Equal(4, _node.Kernel.Tags.Count);
        Assert.Equal(2, _node.Pods.All.Count);
    }

    [Fact]
    public void processes_are_enrolled_once_also_when_they_come_later()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a");
        Assert.Equal(["tag /a #1 pod 1 Service"], _node.Kernel.Calls());
        Assert.True(_node.Pods.LookAtOpen());

        File.WriteAllText(_node.Root + "/a/cgroup.procs", $"{Environment.ProcessId}\n0\n");
        _node.Pods.LookAtOpen();
        _node.Pods.LookAtOpen();

        Assert.Equal([$"enrol {Environment.ProcessId}"], _node.Kernel.Calls());
    }

    [Fact]
    public void nothing_is_open_once_a_container_has_settled()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a", Environment.ProcessId);
        Assert.True(_node.Pods.LookAtOpen());

        _node.Clock.Pass(TimeSpan.FromSeconds(5));

        Assert.False(_node.Pods.LookAtOpen());
    }

    [Fact]
    public void a_container_whose_process_was_started_again_is_looked_at_again()
    {
        using Process first = Process.Start("sleep", "60");
        _node.Pods.SetRules([new SidecarRule { Command = Environment.ProcessPath, Origin = "rule 1" }]);
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a", first.Id);
        _node.Clock.Pass(TimeSpan.FromSeconds(5));
        Assert.False(_node.Pods.LookAtOpen());

        first.Kill();
        first.WaitForExit();
        _node.Make("/a", Environment.ProcessId);

        Assert.Equal(Role.Sidecar, Assert.Single(_node.Pods.All).Role);
    }

    [Fact]
    public void a_kernel_that_refuses_a_tag_is_asked_again()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Kernel.Refuses = true;
        _node.Make("/a");
        Assert.Empty(_node.Kernel.Tags);

        _node.Kernel.Refuses = false;
        _node.Pods.Look();

        Assert.Equal(["/a"], _node.Kernel.Tags.Values.Select(t => t.CgroupPath));
    }

    [Fact]
    public void a_command_rule_applies_when_the_process_is_there()
    {
        _node.Pods.SetRules([new SidecarRule { Command = Environment.ProcessPath, Origin = "rule 1" }]);
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a", Environment.ProcessId);

        Assert.Equal(
            ["tag /a #1 pod 1 Service", $"enrol {Environment.ProcessId}", "tag /a #1 pod 1 Sidecar", $"enrol {Environment.ProcessId}"], _node.Kernel.Calls());
        Assert.Equal(Role.Sidecar, Assert.Single(_node.Pods.All).Role);
    }

    [Fact]
    public void a_pod_no_longer_declared_is_gone()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a")), Specs.Pod("q", Specs.Container("b", "/b"))]);
        _node.Make("/a");
        _node.Make("/b");

        _node.Pods.Publish(0, "test", [Specs.Pod("q", Specs.Container("b", "/b"))]);

        Assert.Equal(["b"], _node.Pods.All.Select(c => c.Name));
        Assert.Equal(["/b"], _node.Kernel.Tags.Values.Select(t => t.CgroupPath));
    }

    [Fact]
    public void a_process_in_the_machine_s_own_network_tags_no_pod()
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/a"))]);
        _node.Make("/a", Environment.ProcessId);

        Assert.Empty(_node.Kernel.Pods);
    }

    [Theory]
    [InlineData("/lab", false)]
    [InlineData("/lab/proxy", true)]
    [InlineData("/lab/proxy/worker", true)]
    [InlineData("/lab/proxy2", false)]
    [InlineData("/la", false)]
    [InlineData("/other", false)]
    public void only_its_own_cgroup_and_those_below_concern_a_container(string path, bool concerns)
    {
        _node.Pods.Publish(0, "test", [Specs.Pod("p", Specs.Container("a", "/lab/proxy"))]);

        Assert.Equal(concerns, _node.Pods.LookAt([new CgroupEvent(path, IsGone: false)]));
    }

    [Fact]
    public void a_container_is_tagged_before_it_has_a_name_and_listed_when_it_has()
    {
        _node.Pods.Naming = TimeSpan.FromSeconds(10);
        _node.Make(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);

        Assert.Equal([$"tag {Id.Path("a")} #1 pod 1 Service"], _node.Kernel.Calls());
        Assert.Empty(_node.Pods.All);
        Assert.Equal(1, _node.Pods.Nameless);
        Assert.True(_node.Pods.TryGet(1, out Container? nameless) && nameless.IsProvisional);
        Assert.Empty(_node.News());

        _node.Pods.Publish(1, "cri", [Named("a", "proxy")]);

        Assert.Equal([$"tag {Id.Path("a")} #1 pod 1 Sidecar"], _node.Kernel.Calls());
        Assert.Equal(["Appeared proxy #1 Sidecar"], _node.News());
        Assert.Equal(0, _node.Pods.Nameless);
    }

    [Fact]
    public void a_container_that_nobody_names_in_time_is_shown_under_its_id()
    {
        _node.Pods.Naming = TimeSpan.FromSeconds(10);
        _node.Make(Id.Path("a"), Environment.ProcessId);
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        _node.Clock.Pass(TimeSpan.FromSeconds(10));
        _node.Pods.LookAtOpen();

        Container shown = Assert.Single(_node.Pods.All);
        Assert.Equal(("unknown", "uid-1", "aaaaaaaaaaaa"), (shown.Namespace, shown.Pod, shown.Name));
    }

    [Fact]
    public void a_container_that_ended_before_its_name_came_is_named_after()
    {
        _node.Pods.Naming = TimeSpan.FromSeconds(10);
        _node.Make(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        _node.Remove(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", []);
        Assert.True(_node.Pods.TryGet(1, out Container? ended) && ended.IsProvisional);

        _node.Pods.Publish(1, "cri", [Named("a", "proxy")]);

        Assert.True(_node.Pods.TryGet(1, out ended));
        Assert.Equal(("chain", "proxy", Role.Sidecar, false), (ended.Pod, ended.Name, ended.Role, ended.IsProvisional));
        Assert.Equal(["Appeared proxy #1 Sidecar", "Gone proxy #1 Sidecar"], _node.News());
    }

    [Fact]
    public void one_that_ended_and_nobody_named_is_readable_under_its_id_for_the_linger_time()
    {
        _node.Pods.Naming = TimeSpan.FromSeconds(10);
        _node.Make(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        _node.Remove(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", []);

        _node.Clock.Pass(TimeSpan.FromSeconds(10));
        _node.Pods.LookAtOpen();
        Assert.True(_node.Pods.TryGet(1, out Container? ended));
        Assert.Equal(("uid-1", "aaaaaaaaaaaa", false), (ended.Pod, ended.Name, ended.IsProvisional));

        _node.Clock.Pass(TimeSpan.FromSeconds(30));
        _node.Pods.LookAtOpen();
        Assert.False(_node.Pods.TryGet(1, out _));
    }

    [Fact]
    public void a_sandbox_and_a_pod_that_is_not_watched_lose_their_tags_and_leave_nothing_to_read()
    {
        _node.Pods.SetRules([], new PodFilter([], ["kube-*"]));
        _node.Pods.Naming = TimeSpan.FromSeconds(10);
        _node.Make(Id.Path("a"));
        _node.Make(Id.Path("b"));
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a"), Nameless("b") with { Uid = "uid-2" }]);
        Assert.Equal(2, _node.Kernel.Tags.Count);

        PodSpec sandbox = Named("a", "");
        _node.Pods.Publish(1, "cri",
        [
            sandbox with { Containers = [sandbox.Containers[0] with { Kind = ContainerKind.Sandbox }] },
            Named("b", "dns") with { Namespace = "kube-system", Uid = "uid-2" },
        ]);

        Assert.Empty(_node.Kernel.Tags);
        Assert.Empty(_node.News());
        Assert.False(_node.Pods.TryGet(1, out _));
        Assert.False(_node.Pods.TryGet(2, out _));
    }

    [Fact]
    public void a_container_keeps_its_name_when_its_source_forgets_it_before_it_ends()
    {
        _node.Make(Id.Path("a"));
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        _node.Pods.Publish(1, "cri", [Named("a", "proxy")]);
        _ = _node.News();

        _node.Pods.Publish(1, "cri", []);
        _node.Pods.Look();

        Assert.Equal(["proxy"], _node.Pods.All.Select(c => c.Name));
        Assert.Empty(_node.News());
    }

    [Fact]
    public void a_container_made_by_a_runtime_inside_another_takes_its_cgroup_over_and_keeps_it()
    {
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        string inner = Id.Path("a") + "/kubepods" + Id.Path("b");
        _node.Make(Id.Path("a"));
        _node.Make(inner);
        Assert.All(_node.Kernel.Tags.Values, tag => Assert.Equal(1u, tag.Id));

        _node.Pods.Publish(9, "cgroupfs", [Nameless("a"), Nameless("b", inner) with { Uid = "uid-2" }]);
        _node.Pods.Look();
        _node.Pods.Look();

        Assert.Equal(2u, _node.Kernel.Tags[_node.Tree.Find(inner)!.Value.Inode].Id);
        Assert.Equal(_node.Pods.Tagged, _node.Kernel.Tags.Count);
        _node.Remove(inner);
        _node.Pods.Publish(9, "cgroupfs", [Nameless("a")]);
        _node.Pods.Look();
        Assert.All(_node.Kernel.Tags.Values, tag => Assert.Equal(1u, tag.Id));
    }

    private static PodSpec Nameless(string letter, string? path = null) =>
        new("", "", "uid-1", Specs.None, Specs.None, [new ContainerSpec("", "", path ?? Id.Path(letter), Specs.None) { Id = Id.Of(letter) }]);

    private static PodSpec Named(string letter, string name) =>
        Specs.Pod("chain", Specs.Container(name) with { Id = Id.Of(letter) }) with { Uid = "uid-1" };

    /// <summary>Runtime ids: one letter, 64 times.</summary>
    private static class Id
    {
        public static string Of(string letter) => string.Concat(Enumerable.Repeat(letter, 64));

        public static string Path(string letter) => $"/{Of(letter)}";
    }
}
