using System.Diagnostics;
using Pmoas.Host.Demo;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Benchmarks;

/// <summary>
/// The cgroups and processes of generated pods: each pod in a network namespace of its own, one process in each container and in the
/// sandbox. The processes end with this one, however it ends; what is left of a run that crashed the next one removes.
/// </summary>
internal sealed class GeneratedNode : IAsyncDisposable
{
    private const string Prefix = "pmoas-bench";
    private const int UserSignal = 10;

    private readonly CgroupTree _tree = CgroupTree.Detect();
    private readonly GeneratedPods _pods;
    private readonly Process _starter;

    private GeneratedNode(GeneratedPods pods, Process starter) => (_pods, _starter) = (pods, starter);

    /// <summary>A name for a run's cgroups and files.</summary>
    internal static string NewName() => $"{Prefix}-{Environment.ProcessId}-1";

    /// <summary>Directory of the run's files.</summary>
    internal static string DirectoryOf(GeneratedPods pods) => BedPlan.DirectoryOf(pods.Seed);

    /// <summary>Prepares; there is no pod yet.</summary>
    internal static async Task<GeneratedNode> StartAsync(GeneratedPods pods)
    {
        await BedRemains.RemoveStaleAsync(Prefix);
        string directory = Directory.CreateDirectory(DirectoryOf(pods)).FullName;
        string program = Path.Combine(AppContext.BaseDirectory, "pod_processes");
        foreach (string name in (string[])["pause", "server"])
        {
            File.Copy(program, Path.Combine(directory, name));
        }

        return new GeneratedNode(pods, Process.Start(new ProcessStartInfo("setsid", [program]) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
    }

    /// <summary>Makes the cgroups of pods, then starts their processes.</summary>
    internal async Task CreateAsync(IEnumerable<int> pods)
    {
        int[] all = [.. pods];
        foreach (int pod in all)
        {
            foreach (string name in Names)
            {
                Directory.CreateDirectory(_tree.DirectoryOf(_pods.Cgroup(pod, name)));
            }
        }

        foreach (int pod in all)
        {
            await _starter.StandardInput.WriteLineAsync("netns");
            foreach (string name in Names)
            {
                string executable = Path.Combine(DirectoryOf(_pods), name == "pause" ? "pause" : "server");
                await _starter.StandardInput.WriteLineAsync($"{executable} {_tree.DirectoryOf(_pods.Cgroup(pod, name))}");
            }
        }

        await _starter.StandardInput.WriteLineAsync("done");
        await _starter.StandardInput.FlushAsync();
        if (await _starter.StandardOutput.ReadLineAsync() != "done")
        {
            throw new InvalidOperationException("the generated pods' processes cannot be started");
        }
    }

    /// <summary>Kills pods and removes their cgroups.</summary>
    internal async Task RemoveAsync(IEnumerable<int> pods)
    {
        foreach (int pod in pods)
        {
            await PodCgroups.RemoveAsync(_pods.PodCgroup(pod));
        }
    }

    /// <summary>Makes a cgroup for a container that has no process, and tells its id in the kernel.</summary>
    internal ulong CreateEmpty(int pod, string container)
    {
        Directory.CreateDirectory(_tree.DirectoryOf(_pods.Cgroup(pod, container)));
        return _tree.Find(_pods.Cgroup(pod, container))!.Value.Inode;
    }

    /// <summary>Removes the cgroup of a container that has no process.</summary>
    internal void RemoveEmpty(int pod, string container) => Directory.Delete(_tree.DirectoryOf(_pods.Cgroup(pod, container)));

    /// <summary>The ids that the cgroups of these pods' containers have in the kernel; sandboxes lose their tags when they are known as such.</summary>
    internal IReadOnlyList<ulong> Inodes(IEnumerable<int> pods) =>
        [.. from pod in pods from name in GeneratedPods.Containers select _tree.Find(_pods.Cgroup(pod, name))!.Value.Inode];

    /// <summary>Has each container make a connection to itself.</summary>
    internal void Connect(IEnumerable<int> pods)
    {
        foreach (int pod in pods)
        {
            foreach (int pid in GeneratedPods.Containers.SelectMany(name => _tree.Processes(_pods.Cgroup(pod, name))))
            {
                _ = Signals.Send(pid, UserSignal);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _starter.StandardInput.Close();
        await _starter.WaitForExitAsync();
        _starter.Dispose();
        await BedRemains.RemoveAsync(_pods.Seed);
    }

    private static IEnumerable<string> Names => GeneratedPods.Containers.Prepend("pause");
}
