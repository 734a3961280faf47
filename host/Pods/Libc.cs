using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pmoas.Host.Pods;

/// <summary>The few calls that .NET has no API for. -1 and errno on failure.</summary>
internal static unsafe partial class Libc
{
    public const int AF_UNIX = 1;
    public const int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_NETNS_COOKIE = 71;
    public const int CLONE_NEWNET = 0x40000000;
    public const int AT_FDCWD = -100;
    public const uint STATX_NLINK = 0x4;
    public const uint STATX_INO = 0x100;

    private const string Lib = "libc";

    /// <summary>Moves the calling thread into a namespace.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    public static partial int setns(SafeFileHandle ns, int kind);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int getsockopt(int socket, int level, int option, void* value, uint* length);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial uint geteuid();

    /// <summary>Unlike stat, its struct is the same on every architecture.</summary>
    [LibraryImport(Lib, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int directory, string path, int flags, uint mask, Statx* result);

    /// <summary>The head of <c>struct statx</c>; the kernel writes 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        /// <summary>Number of hard links.</summary>
        [FieldOffset(16)]
        public uint Links;

        /// <summary>Inode number.</summary>
        [FieldOffset(32)]
        public ulong Inode;
    }
}
