using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

[Trait("needs", "root")]
public sealed class RealCgroupTests : IAsyncDisposable
{
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
        foreach (Cgroup cgroup in _tree.Subtree(_lab, new HashSet<string>()).Reverse())
        {
            Directory.Delete(_tree.DirectoryOf(cgroup.Path));
        }
        _stop.Dispose();
    }

    [Fact]
    public async Task a_container_is_there_within_100_ms_of_its_cgroup_and_goes_with_it()
    {
        PodDirectory pods = Watch(Specs.Pod("p", Specs.Container("proxy", $"{_lab}/deep/proxy")));

        for (int round = 0; round < 5; round++)
        {
            Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/deep/proxy"));
            TimeSpan appeared = await Until(() => pods.All.Count == 1);
            Assert.Equal(_tree.Find($"{_lab}/deep/proxy")!.Value.Inode, pods.All.First().CgroupId);
            Console.WriteLine($"round {round} {appeared.TotalMilliseconds}");
            Assert.True(round == 0 || appeared < TimeSpan.FromMilliseconds(100), $"appeared after {appeared.TotalMilliseconds} ms");

            Directory.Delete(_tree.DirectoryOf($"{_lab}/deep/proxy"));
            TimeSpan gone = await Until(() => pods.All.Count == 0);
            Assert.True(gone < TimeSpan.FromMilliseconds(100), $"gone after {gone.TotalMilliseconds} ms");
            Assert.Empty(_kernel.Tags);

            Directory.Delete(_tree.DirectoryOf($"{_lab}/deep"));
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task a_network_namespace_is_tagged_by_its_cookie_and_untagged_with_the_pod()
    {
        Directory.CreateDirectory(_tree.DirectoryOf($"{_lab}/proxy"));
        PodDirectory pods = Watch(Specs.Pod("p", Specs.Container("proxy", $"{_lab}/proxy")));
        await Until(() => pods.All.Count == 1);

        // Joins first and enters its namespace after, as container runtimes may.
        int sleeper = Start("sh", "-c", $"echo $$ > {_tree.DirectoryOf($"{_lab}/proxy")}/cgroup.procs; exec unshare -n sleep 60");
        await Until(() => _kernel.Pods.Count == 1);

        Assert.Equal([pods.All.First().PodId], _kernel.Pods.Values);
        Assert.Equal([CookieAsIpSees(sleeper)], _kernel.Pods.Keys);
        Assert.Equal([sleeper], _kernel.Enrolled);
        Assert.NotEqual(CookieAsIpSees(Environment.ProcessId), _kernel.Pods.Keys.First());

        _started[0].Kill();
        await _started[0].WaitForExitAsync(TestContext.Current.CancellationToken);
        Directory.Delete(_tree.DirectoryOf($"{_lab}/proxy"));
        await Until(() => _kernel.Pods.Count == 0);
    }

    [Fact]
    public void the_thread_that_asked_stays_in_its_network_namespace()
    {
        RequireRoot();
        int sleeper = Start("unshare", "-n", "sleep", "60");
        string before = NetworkNamespace.NameOf(Environment.ProcessId)!;
        SpinWait.SpinUntil(() => NetworkNamespace.NameOf(sleeper) != before, TimeSpan.FromSeconds(5));

        ulong? cookie = NetworkNamespace.CookieOf(sleeper);

        Assert.NotNull(cookie);
        Assert.Equal(before, new FileInfo("/proc/thread-self/ns/net").LinkTarget);
        Assert.Null(NetworkNamespace.CookieOf(int.MaxValue));
    }

    private static void RequireRoot() => Assert.SkipUnless(Libc.geteuid() == 0, "needs root: makes cgroups and enters network namespaces");

    private PodDirectory Watch(PodSpec pod)
    {
        RequireRoot();
        PodDirectory pods = new(_kernel, _tree, ShippedRules.All, TimeSpan.Zero, NullLogger.Instance, TimeProvider.System);
        _watching = Run(pods, pod);
        return pods;

        async Task Run(PodDirectory directory, PodSpec declared)
        {
            using PodWatch watch = new(directory, _tree, [new OnePod(declared)], NullLogger.Instance);
            await watch.RunAsync(_stop.Token);
        }
    }

    private int Start(string file, params string[] arguments)
    {
        Process process = Process.Start(file, arguments);
        _started.Add(process);
        return process.Id;
    }

    private static async Task<TimeSpan> Until(Func<bool> reached)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "waited in vain");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
        return watch.Elapsed;
    }

    /// <summary>A second opinion: python reads the cookie from within the namespace.</summary>
    private static ulong CookieAsIpSees(int pid)
    {
        using Process python = Process.Start(new ProcessStartInfo("nsenter",
            ["-t", $"{pid}", "-n", "python3", "-c", "import socket;s=socket.socket();print(int.from_bytes(s.getsockopt(1,71,8),'little'))"])
        { RedirectStandardOutput = true })!;
        return ulong.Parse(python.StandardOutput.ReadToEnd().Trim(), CultureInfo.InvariantCulture);
    }

    private sealed class OnePod(PodSpec pod) : IPodSource
    {
        public string Name => "one";

        public Task RunAsync(Action<IReadOnlyList<PodSpec>> publish, CancellationToken stopping)
        {
            publish([pod]);
            return Task.Delay(Timeout.Infinite, stopping);
        }
    }
}
