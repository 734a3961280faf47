using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Demo;
using Pmoas.Host.Health;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Pods;

namespace Pmoas.KernelTests.Pods;

public sealed class RealCgroupTests : IAsyncDisposable
{
    private static readonly double Quick = Patience.Of(TimeSpan.FromMilliseconds(100)).TotalMilliseconds;
    private readonly CgroupTree _tree = CgroupTree.Detect();
    private readonly string _lab = $"/pmoas-test-{Guid.NewGuid():N}";
    private readonly RecordingIdentity _kernel = new();
    private readonly List<Process> _started = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        foreach (Process process in _started)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        TestCgroups.Remove(_tree, _lab);
        _stop.Dispose();
    }

    [Fact]
    public async Task a_container_is_there_within_100_ms_of_its_cgroup_and_goes_with_it()
    {
        PodDirectory pods = Watch(Specs.Pod("p", Specs.Container("proxy", $"{_lab}/deep/proxy")));

        List<double> appeared = [];
        List<double> gone = [];
        for (int round = 0; round < 3; round++)
        {
            Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/deep/proxy"));
            appeared.Add(await Until(() => _kernel.Tags.Count == 1));
            Assert.Equal(_tree.Find($"{_lab}/deep/proxy")!.Value.Inode, Assert.Single(pods.All).CgroupId);

            Directory.Delete(_tree.DirectoryOf($"{_lab}/deep/proxy"));
            gone.Add(await Until(() => _kernel.Tags.IsEmpty));
            Assert.Empty(pods.All);

            Directory.Delete(_tree.DirectoryOf($"{_lab}/deep"));
            await Task.Delay(2200, TestContext.Current.CancellationToken); // until the watch is at rest
        }
        // The best of three: the machine may be busy with something else. A watch that only polled would need up to a second each time.
        Assert.True(appeared.Min() < Quick && gone.Min() < Quick, $"ms to appear: {string.Join(", ", appeared)}; to go: {string.Join(", ", gone)}");
    }

    [Fact]
    public async Task a_container_nobody_told_of_is_tagged_within_100_ms_of_its_cgroup_and_named_later()
    {
        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System) { Naming = TimeSpan.FromMinutes(1) };
        using CgroupEvents events = new(_tree, NullLogger.Instance);
        await using SourceRun source = new(new CgroupfsSource(_tree, events, pods), rank: 9, isWanted: true, pods, NullLogger.Instance, TimeProvider.System);
        await source.Settled;
        string uid = Guid.NewGuid().ToString();
        string[] ids = [.. Enumerable.Range(0, 5).Select(_ => $"{Guid.NewGuid():N}{Guid.NewGuid():N}")];
        List<double> tagged = [];
        foreach (string id in ids)
        {
            int before = _kernel.Tags.Count;
            Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/kubepods/besteffort/pod{uid}/{id}"));
            tagged.Add(await Until(() => _kernel.Tags.Count > before));
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        Assert.True(tagged.Min() < Quick, $"ms to the tag: {string.Join(", ", tagged)}");
        Assert.Equal(ids.Length, pods.Nameless);
        Assert.Empty(pods.All);
        Assert.Single(_kernel.Tags.Values.Select(tag => tag.PodId).Distinct());

        pods.Publish(1, "test", [Specs.Pod("chain", [.. ids.Select((id, i) => Specs.Container(i == 0 ? "istio-proxy" : $"app-{i}") with { Id = id })]) with { Uid = uid }]);
        Assert.Equal(ids.Length, pods.All.Count);
        Assert.Equal(Role.Sidecar, _kernel.Tags[_tree.Find($"{_lab}/kubepods/besteffort/pod{uid}/{ids[0]}")!.Value.Inode].Role);
    }

    [Fact]
    public async Task a_network_namespace_is_tagged_by_its_cookie_and_untagged_with_the_pod()
    {
        Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/proxy"));
        PodDirectory pods = Watch(Specs.Pod("p", Specs.Container("proxy", $"{_lab}/proxy")));
        await Until(() => pods.All.Count == 1);

        // Joins first and enters its namespace after, as container runtimes may.
        int sleeper = Start("sh", "-c", $"echo $$ > {_tree.DirectoryOf($"{_lab}/proxy")}/cgroup.procs; exec unshare -n sleep 60");
        await Until(() => _kernel.Enrolled.Count == 1 && _kernel.Pods.Count == 1);

        Assert.Equal([pods.All.First().PodId], _kernel.Pods.Values);
        Assert.Equal([NetworkNamespace.CookieOf(sleeper)!.Value], _kernel.Pods.Keys);
        Assert.Equal([sleeper], _kernel.Enrolled);
        Assert.NotEqual(CookieOfThisThread(), _kernel.Pods.Keys.First());

        _started[0].Kill();
        await _started[0].WaitForExitAsync(TestContext.Current.CancellationToken);
        Directory.Delete(_tree.DirectoryOf($"{_lab}/proxy"));
        await Until(() => _kernel.Pods.IsEmpty);
    }

    /// <summary>Who visits is in the pod's namespace, and never in the machine's, where containers of hostNetwork are.</summary>
    [Fact]
    public async Task each_network_namespace_of_a_pod_is_visited_once_and_the_machine_s_never()
    {
        string[] names = ["proxy", "app", "host"];
        PodDirectory pods = Watch(Specs.Pod("p", [.. names.Select(name => Specs.Container(name, $"{_lab}/{name}"))]));
        foreach (string name in names)
        {
            Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/{name}"));
        }

        int proxy = Start("sh", "-c", $"echo $$ > {_tree.DirectoryOf($"{_lab}/proxy")}/cgroup.procs; exec unshare -n sleep 60");
        await Until(() => _kernel.Pods.Count == 1);
        Start("sh", "-c", $"echo $$ > {_tree.DirectoryOf($"{_lab}/app")}/cgroup.procs; exec nsenter --net=/proc/{proxy}/ns/net sleep 60");
        Start("sh", "-c", $"echo $$ > {_tree.DirectoryOf($"{_lab}/host")}/cgroup.procs; exec sleep 60");
        await Until(() => _kernel.Enrolled.Count == 3);
        List<(string Container, string? Namespace)> visits = [];
        void Visit() => pods.VisitNetworkNamespaces(_ => true, container => visits.Add((container.Name, new FileInfo("/proc/thread-self/ns/net").LinkTarget)));

        Visit();
        pods.VisitNetworkNamespaces(_ => false, _ => Assert.Fail("nobody wanted it"));

        Assert.Equal([("proxy", NetworkNamespace.NameOf(proxy))], visits.Select(visit => (visit.Container == "app" ? "proxy" : visit.Container, visit.Namespace)));
        Assert.Equal(NetworkNamespace.NameOf(Environment.ProcessId), new FileInfo("/proc/thread-self/ns/net").LinkTarget);

        List<string?> there = [];
        pods.InEachNetworkNamespace(() => there.Add(new FileInfo("/proc/thread-self/ns/net").LinkTarget));
        Assert.Equal([NetworkNamespace.NameOf(proxy), .. NetworkNamespace.OfHost().Select(host => host.Name)], there);
        Assert.Equal("thrown there", Assert.Throws<InvalidOperationException>(() => pods.VisitNetworkNamespaces(_ => true, _ => throw new InvalidOperationException("thrown there"))).Message);

        foreach (Process process in _started)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        visits.Clear();
        Visit();
        Assert.Empty(visits);
    }

    [Fact]
    public void the_thread_that_asked_stays_in_its_network_namespace()
    {
        int sleeper = Start("unshare", "-n", "sleep", "60");
        string before = NetworkNamespace.NameOf(Environment.ProcessId)!;
        SpinWait.SpinUntil(() => NetworkNamespace.NameOf(sleeper) != before, Patience.Of(TimeSpan.FromSeconds(5)));

        ulong? cookie = NetworkNamespace.CookieOf(sleeper);

        Assert.NotNull(cookie);
        Assert.NotEqual(CookieOfThisThread(), cookie);
        Assert.Equal(CookieOfThisThread(), NetworkNamespace.CookieOf(Environment.ProcessId));
        Assert.Equal(before, new FileInfo("/proc/thread-self/ns/net").LinkTarget);
        Assert.Null(NetworkNamespace.CookieOf(int.MaxValue));
    }

    private PodDirectory Watch(PodSpec pod)
    {
        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System);
        _watching = Run(pods, pod);
        return pods;

        async Task Run(PodDirectory directory, PodSpec declared)
        {
            directory.Publish(0, "test", [declared]);
            using CgroupEvents events = new(_tree, NullLogger.Instance);
            using PodWatch watch = new(directory, events, new LoopClock("looking at the pods", LoopClock.UsualLimit, TimeProvider.System));
            await watch.RunAsync(_stop.Token);
        }
    }

    private int Start(string file, params string[] arguments)
    {
        Process process = Process.Start(file, arguments);
        _started.Add(process);
        return process.Id;
    }

    /// <returns>Milliseconds it took.</returns>
    private static async Task<double> Until(Func<bool> reached)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(watch.Elapsed < Patience.Of(TimeSpan.FromSeconds(10)), "waited in vain");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
        return watch.Elapsed.TotalMilliseconds;
    }

    private static ulong CookieOfThisThread()
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        Span<byte> cookie = stackalloc byte[sizeof(ulong)];
        socket.GetRawSocketOption(Libc.SOL_SOCKET, Libc.SO_NETNS_COOKIE, cookie);
        return BitConverter.ToUInt64(cookie);
    }
}
