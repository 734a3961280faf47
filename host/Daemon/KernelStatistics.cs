using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Daemon;

/// <summary>
/// The kernel counts runs and run time of every BPF program while this lives. Held by a file descriptor, unlike the sysctl, so that
/// it ends with the process whatever happens.
/// </summary>
internal sealed partial class KernelStatistics : IDisposable
{
    private const int RunTime = 0; // BPF_STATS_RUN_TIME

    private readonly SafeFileHandle _handle;

    private KernelStatistics(SafeFileHandle handle) => _handle = handle;

    /// <summary>Switches the statistics on.</summary>
    /// <exception cref="BpfException">The kernel refused: it takes CAP_SYS_ADMIN.</exception>
    public static KernelStatistics SwitchOn()
    {
        int fd = bpf_enable_stats(RunTime);
        return fd >= 0
            ? new KernelStatistics(new SafeFileHandle(fd, ownsHandle: true))
            : throw new BpfException("switch on the kernel's BPF statistics (daemon.bpf_statistics)", -fd);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_enable_stats(int type);
}
