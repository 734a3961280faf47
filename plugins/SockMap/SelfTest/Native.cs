using System.Runtime.InteropServices;

namespace Pmoas.SockMap.SelfTest;

/// <summary>The calls whose exact behaviour is tried: .NET's own sockets would hide it. -1 and errno on failure.</summary>
internal static unsafe partial class Native
{
    internal const int AF_INET = 2, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1;
    internal const int SO_LINGER = 13, SO_RCVLOWAT = 18, SO_NETNS_COOKIE = 71, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21;
    internal const int MSG_PEEK = 2, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
    internal const int SHUT_WR = 1;
    internal const ulong FIONREAD = 0x541B, SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914;
    internal const short POLLIN = 1, IFF_UP = 1;
    internal const int EPOLL_CTL_ADD = 1;
    internal const uint EPOLLIN = 1, EPOLLET = 1u << 31;
    internal const int CLONE_NEWNET = 0x40000000;
    internal const int EAGAIN = 11, ECONNRESET = 104;
    internal const uint SPLICE_F_NONBLOCK = 2;

    private const string Lib = "libc";

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int bind(int fd, Address* address, uint length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int connect(int fd, Address* address, uint length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int accept4(int fd, Address* address, uint* length, int flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int getsockname(int fd, Address* address, uint* length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial nint send(int fd, byte* data, nuint length, int flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial nint recv(int fd, byte* data, nuint length, int flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int option, void* value, uint* length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int ioctl(int fd, ulong request, void* argument);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int poll(PollEntry* entries, ulong count, int milliseconds);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, byte* entry);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int epoll_wait(int epoll, byte* entries, int count, int milliseconds);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int pipe2(int* ends, int flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nuint length, uint flags);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int unshare(int flags);

    [LibraryImport(Lib)]
    internal static partial int gettid();

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial int setns(int fd, int type);

    /// <summary><c>struct sockaddr_in</c>.</summary>
    internal struct Address
    {
        internal ushort Family;
        internal ushort Port;
        internal uint Host;
        internal ulong Zero;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    internal struct PollEntry
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }
}
