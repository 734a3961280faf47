using System.Runtime.InteropServices;

namespace Pmoas.ResourceUsage.Native;

/// <summary>The few calls that .NET has no face for, or none that allocates nothing. -1 and errno on failure; paths end with a 0 byte.</summary>
internal static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100;
    internal const int O_RDONLY = 0;
    internal const int O_CLOEXEC = 0x80000;
    internal const int O_PATH = 0x200000;
    internal const uint STATX_NLINK = 0x4;
    internal const uint STATX_INO = 0x100;
    internal const uint STATX_SIZE = 0x200;
    internal const int RLIMIT_NOFILE = 7;

    private const string Lib = "libc";

    [LibraryImport(Lib)]
    internal static partial int openat(int directory, byte* path, int flags);

    [LibraryImport(Lib)]
    internal static partial nint pread(int fd, byte* buffer, nuint bytes, long offset);

    [LibraryImport(Lib)]
    internal static partial int close(int fd);

    [LibraryImport(Lib)]
    internal static partial int statx(int directory, byte* path, int flags, uint mask, Statx* result);

    /// <summary>Bytes of <c>struct linux_dirent64</c> written; 0 at the end.</summary>
    [LibraryImport(Lib)]
    internal static partial nint getdents64(int fd, byte* buffer, nuint bytes);

    [LibraryImport(Lib)]
    internal static partial int getrlimit(int resource, RLimit* limit);

    [LibraryImport(Lib)]
    internal static partial int setrlimit(int resource, RLimit* limit);

    /// <summary><c>struct rlimit</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RLimit
    {
        internal ulong Soft;
        internal ulong Hard;
    }

    /// <summary>What is asked of <c>struct statx</c>; the kernel writes 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Statx
    {
        [FieldOffset(16)]
        internal uint Links;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(40)]
        internal ulong Size;
    }
}
