using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>Commands in a network namespace.</summary>
internal static class InNetns
{
    /// <summary>Runs a command there; what it printed.</summary>
    internal static Task<string> RunAsync(NamedNetns netns, params string[] command) =>
        Subprocess.RunAsync("nsenter", [$"--net={netns.FilePath}", Executable.Find(command[0]), .. command[1..]], CancellationToken.None);

    /// <summary>Adds a queueing discipline or the like.</summary>
    internal static Task<string> TcAsync(NamedNetns netns, params string[] arguments) => Subprocess.RunAsync("tc", ["-n", netns.Name, .. arguments], CancellationToken.None);

    /// <summary>Adds a rule, or reads them.</summary>
    internal static Task<string> IptablesAsync(NamedNetns netns, params string[] arguments) => RunAsync(netns, ["iptables", "-w", .. arguments]);
}
