using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Benchmarks;

/// <summary>
/// What a full node costs: 500 pods of 3 containers and a sandbox, in real cgroups with real processes, named by an API server in another
/// process, with Accept counting. The daemon runs in this process, so that its parts can be timed.
/// </summary>
internal sealed class DirectoryBenchmark
{
    private const int Few = 50;
    private const int All = 500;
    private const int Burst = 50;
    private const int Rounds = 60;
    private const int Scrapes = 9;
    private const int PerPod = 3;
    private const int RuntimeRank = 2;

    private static readonly int[] Sizes = [All, 334, 167, Few];
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private readonly GeneratedPods _pods;
    private readonly GeneratedNode _node;
    private readonly GeneratedCluster _cluster;
    private readonly CancellationToken _stopping;

    private DirectoryBenchmark(GeneratedPods pods, GeneratedNode node, GeneratedCluster cluster, CancellationToken stopping) =>
        (_pods, _node, _cluster, _stopping) = (pods, node, cluster, stopping);

    internal static async Task<int> RunAsync()
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = StopAt(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = StopAt(PosixSignal.SIGTERM, stop);
        GeneratedPods pods = new(GeneratedNode.NewName());
        try
        {
            await using GeneratedNode node = await GeneratedNode.StartAsync(pods);
            string kubeconfig = Path.Combine(GeneratedNode.DirectoryOf(pods), "kubeconfig");
            await using GeneratedCluster cluster = await GeneratedCluster.StartAsync(pods, kubeconfig);
            await new DirectoryBenchmark(pods, node, cluster, stop.Token).RunAsync(kubeconfig);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 1;
        }
    }

    private async Task RunAsync(string kubeconfig)
    {
        Console.WriteLine($"directory of pods: {All} pods × {PerPod} containers and a sandbox each, named by the API server, Accept on");
        await using (DirectoryUnderTest growing = await DirectoryUnderTest.StartAsync(_pods, kubeconfig, _stopping))
        {
            await AddAsync(growing, 0, Few);
            Memory few = Memory.Now();
            await AddAsync(growing, Few, All);
            Memory all = Memory.Now();
            Print("memory a container", $"{all.ManagedSince(few, PerPod * (All - Few)):0.0} KB managed, {all.ResidentSince(few, PerPod * (All - Few)):0.0} KB resident   goal ≤ 20 KB");
            await UpdatesAsync(growing);
            await BurstAsync(growing);
            await RestAsync(growing);
            await ScrapesAsync(growing);
        }

        await _node.CreateAsync(Enumerable.Range(Few, All - Few));
        await _cluster.PutAsync(Enumerable.Range(Few, All - Few));
        long start = Stopwatch.GetTimestamp();
        await using DirectoryUnderTest filling = await DirectoryUnderTest.StartAsync(_pods, kubeconfig, _stopping);
        await filling.NamedAsync(All * PerPod);
        await filling.TaggedAsync(_node.Inodes(Enumerable.Range(0, All)));
        Print("first fill", $"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s until all are tagged and named, the plugin's start included");
    }

    private async Task AddAsync(DirectoryUnderTest directory, int from, int to)
    {
        await _node.CreateAsync(Enumerable.Range(from, to - from));
        await _cluster.PutAsync(Enumerable.Range(from, to - from));
        await directory.NamedAsync(to * PerPod);
        await Task.Delay(Settle, _stopping); // until no main process is looked at any more
    }

    private async Task UpdatesAsync(DirectoryUnderTest directory)
    {
        Times made = new("a container's cgroup is made → its tag is in the kernel");
        Times removed = new("it is removed → the tag is gone");
        Times changed = new("a pod's annotation changes at the API server → its role");
        Times published = new("a runtime's list with one pod changed (Publish)");
        Times ruled = new("other rules (SetRules)");
        PodDirectory pods = directory.Watch.Pods;
        IReadOnlyList<SidecarRule> rules = ShippedRules.All;
        for (int round = 0; round < Rounds; round++)
        {
            _stopping.ThrowIfCancellationRequested();
            int pod = All + round;
            ulong inode = 0;
            await made.TakeAsync(() => directory.TaggedAsync([inode = _node.CreateEmpty(pod, "app")]));
            await removed.TakeAsync(() =>
            {
                _node.RemoveEmpty(pod, "app");
                return directory.TaggedAsync([inode], tagged: false);
            });
            string sidecar = round % 2 == 0 ? "metrics" : "proxy";
            await changed.TakeAsync(async () =>
            {
                await _cluster.PutAsync([7], sidecar);
                await directory.UntilAsync(() => IsSidecar(directory, 7, sidecar), "the role has changed");
            });
        }

        PodSpec[] list = [.. Enumerable.Range(0, All).Select(one => _pods.OfRuntime(one, "proxy"))];
        pods.Publish(RuntimeRank, "cri", list);
        for (int round = 0; round < Rounds; round++)
        {
            list = [.. Enumerable.Range(0, All).Select(one => _pods.OfRuntime(one, "proxy"))]; // a runtime is asked anew each time
            list[round] = list[round] with { Labels = new Dictionary<string, string>(list[round].Labels) { ["round"] = $"{round}" } };
            published.Take(() => pods.Publish(RuntimeRank, "cri", list));
            SidecarRule own = new() { Name = round % 2 == 0 ? "app" : "metrics", Origin = "rule 1" };
            ruled.Take(() => pods.SetRules([own, .. rules]));
        }

        pods.Withdraw(RuntimeRank);
        pods.SetRules(rules);
        Console.WriteLine($"  directory update with {All * PerPod} containers, {Rounds} times each: median, max   goal ≤ 50 ms");
        foreach (Times times in (Times[])[made, removed, changed, published, ruled])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {times.What,-62}  {times.Median,6:0.0} ms  {times.Max,6:0.0} ms"));
        }
    }

    /// <summary>200 cgroups at once, as when a node starts.</summary>
    private async Task BurstAsync(DirectoryUnderTest directory)
    {
        int[] pods = [.. Enumerable.Range(All, Burst)];
        Times all = new("");
        await all.TakeAsync(async () =>
        {
            await _node.CreateAsync(pods);
            await directory.TaggedAsync(_node.Inodes(pods));
        });
        await _node.RemoveAsync(pods);
        Print("burst", $"{Burst * (PerPod + 1)} containers, sandboxes included, started at once beside {All * PerPod}: {all.Max:0} ms until all are tagged");
    }

    private async Task RestAsync(DirectoryUnderTest directory)
    {
        await directory.NamedAsync(All * PerPod);
        await Task.Delay(Settle, _stopping);
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await Task.Delay(Rest, _stopping);
        Print("at rest", $"{(Environment.CpuUsage.TotalTime - before) / Rest:0.00%} of a core");
    }

    private async Task ScrapesAsync(DirectoryUnderTest directory)
    {
        Memory before = Memory.Now();
        int last = All;
        List<double> each = [];
        foreach (int pods in Sizes)
        {
            await _cluster.DeleteAsync(Enumerable.Range(pods, last - pods));
            await _node.RemoveAsync(Enumerable.Range(pods, last - pods));
            last = pods;
            await directory.NamedAsync(pods * PerPod);
            _node.Connect(Enumerable.Range(0, pods));
            await Task.Delay(TimeSpan.FromSeconds(1), _stopping);
            Times times = new("");
            long bytes = 0;
            for (int i = 0; i < Scrapes; i++)
            {
                await times.TakeAsync(async () => bytes = await directory.ScrapeAsync());
            }

            if (pods == All)
            {
                Memory after = Memory.Now();
                Print("memory of scrapes", $"{after.ManagedSince(before, All * PerPod):0.0} KB managed, {after.ResidentSince(before, All * PerPod):0.0} KB resident a container, {bytes / 1e6:0.0} MB of it the text");
            }

            each.Add(times.Median * 1000 / (pods * PerPod));
            Print(pods == All ? "scrape" : "", $"{pods * PerPod,5} containers: {times.Median,7:0.0} ms (max {times.Max:0.0}), {bytes / 1e6:0.00} MB; {each[^1]:0.0} µs and {bytes / 1e3 / (pods * PerPod):0.0} kB a container");
        }

        Print("", $"time a container at {Sizes[0] * PerPod} is × {each[0] / each[^1]:0.00} that at {Sizes[^1] * PerPod}   goal linear: about 1");
    }

    private bool IsSidecar(DirectoryUnderTest directory, int pod, string container)
    {
        string path = _pods.Cgroup(pod, container);
        return directory.Watch.Pods.All.Any(one => one.CgroupPath == path && one.Role == Role.Sidecar);
    }

    private static void Print(string what, FormattableString figures) =>
        Console.WriteLine($"  {what,-19}  {figures.ToString(CultureInfo.InvariantCulture)}");

    private static PosixSignalRegistration StopAt(PosixSignal signal, CancellationTokenSource stop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });

    /// <summary>Milliseconds that something took, each time.</summary>
    private sealed record Times(string What)
    {
        private readonly List<double> _taken = [];

        internal double Median => _taken.Order().ElementAt(_taken.Count / 2);

        internal double Max => _taken.Max();

        internal async Task TakeAsync(Func<Task> what)
        {
            long start = Stopwatch.GetTimestamp();
            await what();
            _taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        internal void Take(Action what)
        {
            long start = Stopwatch.GetTimestamp();
            what();
            _taken.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    /// <summary>Bytes this process holds when nothing superfluous is left.</summary>
    private readonly record struct Memory(long Managed, long Resident)
    {
        internal static Memory Now()
        {
            for (int i = 0; i < 2; i++)
            {
                GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            return new Memory(GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
        }

        /// <summary>KB more than before, for each of so many.</summary>
        internal double ManagedSince(Memory before, int among) => (Managed - before.Managed) / 1e3 / among;

        /// <summary>KB more than before, for each of so many.</summary>
        internal double ResidentSince(Memory before, int among) => (Resident - before.Resident) / 1e3 / among;
    }
}
