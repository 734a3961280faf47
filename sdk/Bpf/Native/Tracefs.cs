using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>The file system that numbers tracepoints and makes kprobes. Small systems and containers often do not mount it.</summary>
internal static class Tracefs
{
    private const string Path = "/sys/kernel/tracing";
    private const string PathInDebugfs = "/sys/kernel/debug/tracing";

    /// <summary>True for the kinds of program that libbpf attaches by way of tracefs.</summary>
    internal static bool IsNeededBy(string kind) => kind == "tracepoint" || IsKprobe(kind);

    /// <summary>Whether this kernel was built with kprobes; tells only where tracefs is mounted.</summary>
    internal static bool HasKprobes =>
        Directory.Exists("/sys/bus/event_source/devices/kprobe") || File.Exists($"{Path}/kprobe_events") || File.Exists($"{PathInDebugfs}/kprobe_events");

    /// <summary>True for the kinds that are kprobes.</summary>
    internal static bool IsKprobe(string kind) => kind is "kprobe" or "kretprobe" or "kprobe.multi" or "kretprobe.multi" or "ksyscall" or "kretsyscall";

    /// <summary>Mounts it where it is missing. It stays mounted: others may use it by the time we end.</summary>
    /// <exception cref="BpfException">It cannot be mounted.</exception>
    internal static void Mount()
    {
        if (Directory.Exists($"{Path}/events") || Directory.Exists($"{PathInDebugfs}/events"))
        {
            return;
        }

        if (Libc.mount("tracefs", Path, "tracefs", 0, 0) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EBUSY)
            {
                throw new BpfException(
                    $"mount tracefs on {Path}, which tracepoints need (mount it for the daemon: mount -t tracefs tracefs {Path})", errno);
            }
        }
    }
}
