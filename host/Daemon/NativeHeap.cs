using System.Runtime.InteropServices;

namespace Pmoas.Host.Daemon;

/// <summary>The C library's heap, where libbpf works.</summary>
internal static partial class NativeHeap
{
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD
    private const int LargeBytes = 1 << 20;

    /// <summary>
    /// Makes large blocks go back to the kernel when they are freed. libbpf reads all types of the kernel (10 MB) for a load; by
    /// default glibc learns from that to keep such blocks, and the daemon would be 10 MB larger for good. To be called before libbpf.
    /// </summary>
    public static void ReturnLargeBlocks() => _ = mallopt(MmapThreshold, LargeBytes);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
