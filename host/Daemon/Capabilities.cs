using System.Globalization;

namespace Pmoas.Host.Daemon;

/// <summary>What this process may do, as the kernel sees it.</summary>
internal static class Capabilities
{
    private const int SysPtrace = 19, SysAdmin = 21, Perfmon = 38, Bpf = 39;

    /// <summary>Capabilities without which nothing can be measured, missing now. Empty for root.</summary>
    public static IReadOnlyList<string> MissingToMeasure() => Missing((Bpf, "CAP_BPF"), (Perfmon, "CAP_PERFMON"));

    /// <summary>Capabilities without which pods are known less well, missing now. Empty for root.</summary>
    public static IReadOnlyList<string> MissingToKnowPods() => Missing((SysAdmin, "CAP_SYS_ADMIN"), (SysPtrace, "CAP_SYS_PTRACE"));

    private static string[] Missing(params (int Bit, string Name)[] wanted)
    {
        ulong effective = Effective();
        return [.. wanted.Where(capability => (effective & (1UL << capability.Bit)) == 0).Select(capability => capability.Name)];
    }

    private static ulong Effective()
    {
        const string Line = "CapEff:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Line, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(Line.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
