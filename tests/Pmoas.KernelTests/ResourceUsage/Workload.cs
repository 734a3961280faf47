using System.Globalization;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>One run of <c>programs/usage.c</c> in a container of the bed.</summary>
internal sealed class Workload : IAsyncDisposable
{
    private static int s_runs;

    private readonly BedContainer _run;

    private Workload(BedContainer run) => _run = run;

    /// <summary>Starts it in the pod's network namespace.</summary>
    internal static Workload Start(PodBed bed, BedContainer container, params string[] arguments) =>
        Start(bed, bed.PodNetns, container.CgroupPath, arguments);

    /// <summary>Starts it in the pod's network namespace and in a cgroup that is there.</summary>
    internal static Workload StartIn(PodBed bed, string cgroup, params string[] arguments) => Start(bed, bed.PodNetns, cgroup, arguments);

    /// <summary>Starts it outside the pod: in the client's network namespace and in a cgroup that nobody watches.</summary>
    internal static Workload StartOutside(PodBed bed, params string[] arguments)
    {
        string pod = Path.GetDirectoryName(bed.Service.CgroupPath)!;
        PodCgroups.Create(pod, $"{pod}/outside");
        return Start(bed, bed.ClientNetns, $"{pod}/outside", arguments);
    }

    /// <summary>Waits for its end and returns how it ended: 0, or 128 and the signal.</summary>
    internal async Task<int> EndAsync()
    {
        await _run.ReapAsync();
        return _run.ExitCode;
    }

    /// <summary>Waits for an end that must be a good one.</summary>
    internal async Task MustEndWellAsync()
    {
        int code = await EndAsync();
        Assert.True(code == 0, $"ended with {code}: {_run.LogTail()}");
    }

    /// <summary>Waits until it has written this line so many times.</summary>
    internal Task SaysAsync(string line, int times = 1) =>
        Watched.Until(() => Task.FromResult(_run.LogTail().Split(" | ").Count(l => l == line) >= times || _run.LogTail().Contains("usage.c", StringComparison.Ordinal)), $"{times} × {line}");

    /// <summary>Waits until so many of its processes have stopped themselves and none runs.</summary>
    /// <returns>All its processes.</returns>
    internal async Task<IReadOnlyList<int>> StoppedAsync(int processes)
    {
        int[] all = [];
        await Watched.Until(
            () =>
            {
                all = [.. Mine()];
                char[] states = [.. all.Select(StateOf)];
                return Task.FromResult(states.Count(state => state == 'T') == processes && !states.Contains('R'));
            },
            $"{processes} processes have stopped");
        await Task.Delay(20); // a process says that it sleeps a moment before it has left the CPU
        return all;
    }

    /// <summary>Lets those that have stopped go on.</summary>
    internal void GoOn()
    {
        foreach (int pid in Mine().Where(pid => StateOf(pid) == 'T'))
        {
            _ = Signals.Send(pid, Signals.Continue);
        }
    }

    public async ValueTask DisposeAsync()
    {
        int[] all = [.. Mine()];
        foreach (int pid in all)
        {
            _ = Signals.Send(pid, Signals.Kill);
        }

        await _run.ReapAsync();
        await Watched.Until(() => Task.FromResult(!PodCgroups.Processes(_run.CgroupPath).Intersect(all).Any()), "its children have ended too");
        _run.Dispose();
    }

    private static Workload Start(PodBed bed, NamedNetns network, string cgroup, string[] arguments) => new(BedContainer.Start(
        $"usage{Interlocked.Increment(ref s_runs)}", new ContainerCommand("", [InPod.Program("usage"), .. arguments]), network, cgroup, bed.Plan.Directory));

    /// <summary>The process and its children.</summary>
    private IEnumerable<int> Mine() => PodCgroups.Processes(_run.CgroupPath).Where(pid => pid == _run.Pid || ParentOf(pid) == _run.Pid);

    private static char StateOf(int pid) => AfterName(pid) is { Length: > 0 } fields ? fields[0][0] : ' ';

    private static int ParentOf(int pid) => AfterName(pid) is { Length: > 1 } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    private static string[] AfterName(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return []; // it ended
        }
    }
}
