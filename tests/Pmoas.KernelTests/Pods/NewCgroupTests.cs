using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Demo;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.KernelTests.Pods;

/// <summary>What the kernel does by itself when a cgroup is made; wherever nothing else is said, no thread of user space has looked.</summary>
public sealed class NewCgroupTests : KernelTest
{
    private const string Uid = "0e3a9b6c-7d1f-4a52-9c64-1f2e3d4c5b6a";
    private const string UidUnderscores = "0e3a9b6c_7d1f_4a52_9c64_1f2e3d4c5b6a";
    private const string Hash = "8c1a7a6f2b5b4a3c9d8e7f6a5b4c3d2e";

    private readonly CgroupTree _tree = CgroupTree.Detect();
    private readonly Lab _lab;
    private readonly KernelIdentity _kernel;
    private readonly BpfMap _tags;

    public NewCgroupTests()
    {
        _lab = Keep(new Lab(_tree));
        _kernel = Keep(KernelIdentity.Load(_tree.Mode, Logger));
        _kernel.TagNewContainers(true);
        BpfObject seen = Open("tags");
        _kernel.ShareWith(seen);
        seen.Load();
        _tags = seen.Map("pmoas_containers");
    }

    [OnEveryKernel]
    [Fact]
    public void a_cgroup_is_tagged_when_it_can_be_seen_if_its_name_is_a_container_s()
    {
        string[] containers =
        [
            $"/{NewId()}", $"/cri-containerd-{NewId()}.scope", $"/crio-{NewId()}.scope", $"/docker-{NewId()}.scope", $"/libpod-{NewId()}.scope", $"/docker-{NewId()}",
            $"/kubepods-besteffort-pod{UidUnderscores}.slice:cri-containerd:{NewId()}", $"/{NewId()}.scope",
        ];
        string[] others =
        [
            "/kubepods", $"/pod{Uid}", $"/crio-conmon-{NewId()}.scope", $"/{NewId()[1..]}", $"/{NewId()}0", $"/{NewId().ToUpperInvariant()[1..]}A", $"/x{NewId()}",
            $"/{NewId()}.slice", "/ssh.service", "/.scope", "/a", $"/{new string('f', 200)}", $"/x-{NewId()}.scope",
        ];

        List<PmoasTag> given = [];
        foreach (string name in containers)
        {
            given.Add(TagOf(_lab.Make(name)) ?? throw new InvalidOperationException($"{name} is not tagged"));
        }

        Assert.All(given, tag => Assert.True(tag.Container > int.MaxValue && tag.Pod > int.MaxValue && tag.Role == (uint)Role.Service));
        Assert.Equal(containers.Length, given.Select(tag => tag.Container).Distinct().Count());
        Assert.Equal(given.Select(tag => tag.Container).Order(), given.Select(tag => tag.Container));
        Assert.Equal(containers.Length, given.Select(tag => tag.Pod).Distinct().Count());
        Assert.All(others, name => Assert.Null(TagOf(_lab.Make(name))));

        // User space reads the same of a path: what the kernel tags, it takes over.
        Assert.All(containers, name => Assert.NotNull(ContainerCgroup.Parse(name)));
        Assert.All(others, name => Assert.Null(ContainerCgroup.Parse(name)));
    }

    [Fact]
    public async Task no_container_is_tagged_where_nobody_looks_at_all_cgroups()
    {
        _kernel.TagNewContainers(false);
        Assert.Null(TagOf(_lab.Make($"/{NewId()}")));

        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.FromMinutes(1), NullLogger.Instance, TimeProvider.System);
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        await using (SourceRun source = new(new CgroupfsSource(_tree, events, pods), rank: 9, isWanted: true, pods, NullLogger.Instance, TimeProvider.System))
        {
            await source.Settled;
            Assert.NotNull(TagOf(_lab.Make($"/{NewId()}")));
        }

        Assert.Null(TagOf(_lab.Make($"/{NewId()}")));
    }

    [Fact]
    public void containers_in_one_pod_s_cgroup_are_of_one_pod()
    {
        string[] pods = [$"/kubepods/burstable/pod{Uid}", $"/kubepods.slice/kubepods-burstable-pod{UidUnderscores}.slice", $"/kubepods/pod{Hash}", $"/kubepods.slice/kubepods-pod{Hash}.slice"];

        uint[][] given = [.. pods.Select(pod => (uint[])[TagOf(_lab.Make($"{pod}/{NewId()}"))!.Value.Pod, TagOf(_lab.Make($"{pod}/crio-{NewId()}.scope"))!.Value.Pod])];

        Assert.All(given, pair => Assert.Equal(pair[0], pair[1]));
        Assert.Equal(pods.Length, given.Select(pair => pair[0]).Distinct().Count());
    }

    [Fact]
    public void a_cgroup_below_a_container_is_the_container_s_unless_it_is_another_s()
    {
        string outer = $"/docker/{NewId()}";
        PmoasTag container = TagOf(_lab.Make(outer))!.Value;

        Assert.Equal(container, TagOf(_lab.Make($"{outer}/init.scope")));
        Assert.Equal(container, TagOf(_lab.Make($"{outer}/kubepods/besteffort/pod{Uid}")));
        Assert.NotEqual(container.Container, TagOf(_lab.Make($"{outer}/kubepods/besteffort/pod{Uid}/{NewId()}"))!.Value.Container);
    }

    [Fact]
    public void a_tag_goes_with_its_cgroup()
    {
        string name = $"/{NewId()}";
        Cgroup made = _lab.Make(name);
        Assert.NotNull(TagOf(made));

        Directory.Delete(_tree.DirectoryOf(made.Path));

        Assert.Null(TagOf(made));
        Assert.Equal(0, _tags.CountEntries());
    }

    [Fact]
    public async Task user_space_takes_the_ids_over_and_what_it_knows_of_a_pod_holds_for_what_starts_in_it_later()
    {
        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.FromMinutes(1), NullLogger.Instance, TimeProvider.System) { Naming = TimeSpan.FromMinutes(1) };
        string pod = $"/kubepods/besteffort/pod{Uid}";
        string[] ids = [NewId(), NewId(), NewId()];
        Cgroup proxy = _lab.Make($"{pod}/{ids[0]}");
        Cgroup app = _lab.Make($"{pod}/{ids[1]}");
        PmoasTag[] given = [TagOf(proxy)!.Value, TagOf(app)!.Value];

        using CgroupEvents events = new(_tree, NullLogger.Instance);
        await using SourceRun source = new(new CgroupfsSource(_tree, events, pods), rank: 9, isWanted: true, pods, NullLogger.Instance, TimeProvider.System);
        await source.Settled;
        pods.Publish(1, "test", [Specs("istio-proxy", "app")]);

        Assert.Equal([.. given.Select(tag => (tag.Container, tag.Pod))], pods.All.Select(c => (c.Id, c.PodId)).Order());
        Assert.Equal(given[0].Container, Assert.Single(pods.All, c => c.Role == Role.Sidecar).Id);
        Assert.Equal((uint)Role.Sidecar, TagOf(proxy)!.Value.Role);
        Assert.Null(_kernel.GivenTo(proxy.Inode));

        // One more starts in the pod while nobody looks.
        events.Dispose();
        Assert.Equal(given[0].Pod, TagOf(_lab.Make($"{pod}/{ids[2]}"))!.Value.Pod);

        PodSpec Specs(params string[] names) => new("lab", "chain", Uid, PodSpec.NoLabels, PodSpec.NoLabels, [.. names.Select((name, i) => new ContainerSpec(name, "", "", PodSpec.NoLabels) { Id = ids[i] })]);
    }

    [Fact]
    public async Task a_container_that_came_and_went_before_anybody_looked_is_known_by_its_id()
    {
        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.FromMinutes(1), NullLogger.Instance, TimeProvider.System) { Naming = TimeSpan.Zero };
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        await using SourceRun source = new(new CgroupfsSource(_tree, events, pods), rank: 9, isWanted: true, pods, NullLogger.Instance, TimeProvider.System);
        await source.Settled;

        uint[] given = new uint[50];
        for (int i = 0; i < given.Length; i++)
        {
            Cgroup made = _lab.Make($"/{NewId()}");
            given[i] = TagOf(made)!.Value.Container;
            Directory.Delete(_tree.DirectoryOf(made.Path));
        }

        // The first may have gone before their parent could be watched, so that no event told of them: the next look finds them.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                pods.LookAtOpen();
                return given.All(id => pods.TryGet(id, out _));
            },
            Patience.Of(TimeSpan.FromSeconds(5))));
        Assert.Equal(0, pods.Missed);
        Assert.Equal(0, _tags.CountEntries());
    }

    private static string NewId() => $"{Guid.NewGuid():N}{Guid.NewGuid():N}";

    private PmoasTag? TagOf(Cgroup cgroup) => _tags.TryGet(cgroup.Inode, out PmoasTag tag) ? tag : null;

    /// <summary>Cgroups of this test, below one of its own.</summary>
    private sealed class Lab(CgroupTree tree) : IDisposable
    {
        private readonly string _top = $"/pmoas-test-{Guid.NewGuid():N}";

        public Cgroup Make(string path)
        {
            Directory.CreateDirectory(tree.DirectoryOf(_top + path));
            return tree.Find(_top + path)!.Value;
        }

        public void Dispose() => TestCgroups.Remove(tree, _top);
    }
}
