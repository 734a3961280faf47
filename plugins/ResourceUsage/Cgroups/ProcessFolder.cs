using System.Buffers.Binary;
using System.Buffers.Text;
using Pmoas.ResourceUsage.Native;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>What <c>/proc/PID</c> tells at the price of one call. Allocates nothing.</summary>
internal static unsafe class ProcessFolder
{
    private const int LongestPath = 40;

    /// <summary>Since 6.2 the size of <c>/proc/PID/fd</c> is the number of descriptors; before, it is 0 and they must be listed.</summary>
    private static readonly bool s_sizeCounts = Size(Environment.ProcessId) > 0;

    /// <summary>Open descriptors; -1 when the process is gone.</summary>
    internal static long OpenFiles(int pid) => s_sizeCounts ? Size(pid) : Listed(pid);

    /// <summary>Threads; 0 when the process is gone.</summary>
    internal static long Threads(int pid)
    {
        byte* path = stackalloc byte[LongestPath];
        Write(path, pid, "/task"u8);
        Libc.Statx found;

        // One link a thread, and the two of every folder.
        return Libc.statx(Libc.AT_FDCWD, path, 0, Libc.STATX_NLINK, &found) == 0 ? found.Links - 2 : 0;
    }

    /// <summary>Writes <c>/proc/PID</c> and what comes after it, with a 0 byte.</summary>
    internal static void Write(byte* path, int pid, ReadOnlySpan<byte> after)
    {
        Span<byte> to = new(path, LongestPath);
        "/proc/"u8.CopyTo(to);
        Utf8Formatter.TryFormat(pid, to[6..], out int digits);
        after.CopyTo(to[(6 + digits)..]);
        to[6 + digits + after.Length] = 0;
    }

    /// <summary>By listing them; the way on kernels before 6.2.</summary>
    internal static long Listed(int pid)
    {
        byte* path = stackalloc byte[LongestPath];
        Write(path, pid, "/fd"u8);
        int folder = Libc.openat(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (folder < 0)
        {
            return -1;
        }

        const int Room = 4096;
        byte* entries = stackalloc byte[Room];
        long count = 0;
        for (nint got = Libc.getdents64(folder, entries, Room); got > 0; got = Libc.getdents64(folder, entries, Room))
        {
            // struct linux_dirent64: inode 8, offset 8, length 2, type 1, name
            for (int at = 0; at < got; at += BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(entries + at + 16, 2)))
            {
                count += entries[at + 19] == '.' ? 0 : 1;
            }
        }

        _ = Libc.close(folder);
        return count;
    }

    private static long Size(int pid)
    {
        byte* path = stackalloc byte[LongestPath];
        Write(path, pid, "/fd"u8);
        Libc.Statx found;
        return Libc.statx(Libc.AT_FDCWD, path, 0, Libc.STATX_SIZE, &found) == 0 ? (long)found.Size : -1;
    }
}
