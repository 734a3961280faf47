using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests;

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

    /// <summary>
    /// How many segments TCP has sent again there, as the kernel counts them. A machine that stands still for longer than TCP's timers, as virtual ones do, makes it
    /// send again what had arrived.
    /// </summary>
    internal static async Task<long> SentAgainAsync(NamedNetns netns)
    {
        string[][] tcp = [.. (await RunAsync(netns, "cat", "/proc/net/snmp")).Split('\n').Where(line => line.StartsWith("Tcp:", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return long.Parse(tcp[1][Array.IndexOf(tcp[0], "RetransSegs")], CultureInfo.InvariantCulture);
    }
}
