using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pmoas.Host.Pods;

/// <summary>The few calls that .NET has no API for. -1 and errno on failure.</summary>
internal static unsafe partial class Libc
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_DOMAIN = 39;
    public const int SO_NETNS_COOKIE = 71;
    public const int CLONE_NEWNET = 0x40000000;
    public const int AT_FDCWD = -100;
    public const int EFD_CLOEXEC = 0x80000;
    public const int IN_CLOEXEC = 0x80000;
    public const int IN_NONBLOCK = 0x800;
    public const uint IN_CREATE = 0x100;
    public const uint IN_DELETE = 0x200;
    public const uint IN_Q_OVERFLOW = 0x4000;
    public const uint IN_ONLYDIR = 0x1000000;
    public const uint IN_ISDIR = 0x40000000;
    public const int ESRCH = 3;
    public const int EBADF = 9;
    public const int ENOSPC = 28;
    public const short POLLIN = 1;
    public const uint STATX_TYPE = 0x1;
    public const uint STATX_NLINK = 0x4;
    public const uint STATX_INO = 0x100;
    public const ushort S_IFMT = 0xF000;
    public const ushort S_IFSOCK = 0xC000;

    private const string Lib = "libc";

    /// <summary>Moves the calling thread into a namespace.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    public static partial int setns(SafeFileHandle ns, int kind);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int getsockopt(int socket, int level, int option, void* value, uint* length);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int pidfd_open(int pid, uint flags);

    /// <summary>A copy of another process's descriptor, closed on exec.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    public static partial int pidfd_getfd(SafeFileHandle process, int descriptor, uint flags);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial uint geteuid();

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int inotify_init1(int flags);

    [LibraryImport(Lib, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int inotify_add_watch(int inotify, string path, uint mask);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial nint read(int fd, void* buffer, nint bytes);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial nint write(int fd, void* buffer, nint bytes);

    [LibraryImport(Lib, SetLastError = true)]
    public static partial int poll(PollFd* fds, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Happened;
    }

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

        /// <summary>Type and permissions.</summary>
        [FieldOffset(28)]
        public ushort Mode;

        /// <summary>Inode number.</summary>
        [FieldOffset(32)]
        public ulong Inode;

        /// <summary>Major number of the device that holds it.</summary>
        [FieldOffset(136)]
        public uint DeviceMajor;

        /// <summary>Minor number of the device that holds it.</summary>
        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
