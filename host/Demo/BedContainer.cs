using System.Diagnostics;

namespace Pmoas.Host.Demo;

/// <summary>A container of the bed: its processes and where they live.</summary>
internal sealed class BedContainer : IDisposable
{
    private readonly Process _process;
    private readonly string _log;

    private BedContainer(Process process, string name, string image, string cgroupPath, string log)
    {
        (_process, Name, Image, CgroupPath, _log) = (process, name, image, cgroupPath, log);
    }

    /// <summary>Name in its pod.</summary>
    internal string Name { get; }

    /// <summary>Image as the static pod declares it.</summary>
    internal string Image { get; }

    /// <summary>Path of its cgroup relative to a hierarchy's root, starting with <c>/</c>.</summary>
    internal string CgroupPath { get; }

    /// <summary>The process it began with; forked workers are in <see cref="Processes"/>.</summary>
    internal int Pid => _process.Id;

    /// <summary>How the process it began with ended; ask once it has.</summary>
    internal int ExitCode => _process.ExitCode;

    /// <summary>All its processes now.</summary>
    internal IReadOnlyList<int> Processes => PodCgroups.Processes(CgroupPath);

    /// <summary>Starts a container's program inside a network namespace and a cgroup of every hierarchy, entered before exec so that all it forks are inside.</summary>
    internal static BedContainer Start(string name, ContainerCommand command, NamedNetns network, string cgroupPath, string directory)
    {
        string log = Path.Combine(directory, $"{name}.log");
        string cgroups = string.Join(' ', PodCgroups.Directories(cgroupPath).Select(path => $"'{path}'"));
        string script = $"for d in {cgroups}; do echo $$ > \"$d/cgroup.procs\" || exit 125; done; exec \"$@\"";

        // setsid: Ctrl-C at a terminal reaches the demo, which then stops its containers itself. `ip netns exec` would
        // do for nsenter if it did not mount a new /sys, which has no cgroups.
        string[] arguments =
        [
            Executable.Find("nsenter"), $"--net={network.FilePath}",
            "/bin/sh", "-c", $"exec </dev/null >'{log}' 2>&1; {script}", name, .. command.Command,
        ];
        Process process = Process.Start(new ProcessStartInfo(Executable.Find("setsid"), arguments))!;
        return new BedContainer(process, name, command.Image, cgroupPath, log);
    }

    /// <summary>Says why it ended, when it ended.</summary>
    /// <exception cref="DemoException">It does not run.</exception>
    internal void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new DemoException($"Container {Name} ({Image}) ended with code {_process.ExitCode}: {LogTail()}");
        }
    }

    /// <summary>The last lines its program wrote.</summary>
    internal string LogTail() => File.Exists(_log) ? string.Join(" | ", File.ReadLines(_log).TakeLast(5)) : "";

    /// <summary>Asks it to stop and waits a moment; what is left then is killed with its cgroup.</summary>
    internal async Task StopAsync(TimeSpan patience)
    {
        if (!_process.HasExited)
        {
            _ = Signals.Send(_process.Id, Signals.Terminate);
            using CancellationTokenSource timeout = new(patience);
            await _process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until its first process is gone and reaped; call it when the cgroup has been emptied.</summary>
    internal Task ReapAsync() => _process.WaitForExitAsync();

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
