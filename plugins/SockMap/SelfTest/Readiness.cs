using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Pmoas.SockMap.SelfTest;

/// <summary>How a reader learns that there is something, and takes it without reading.</summary>
internal static unsafe class Readiness
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    private static readonly byte[] s_hundred = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

    /// <summary>FIONREAD says how much there is.</summary>
    internal static void Fionread(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Send(s_hundred);
        MustBecomeReadable(accepting);
        int pending = -1;
        _ = Native.ioctl(accepting.Fd, Native.FIONREAD, &pending);
        if (pending != s_hundred.Length)
        {
            throw new PropertyException($"FIONREAD says {pending} where {s_hundred.Length} bytes wait");
        }
    }

    /// <summary>Level-triggered: readable as long as there is something.</summary>
    internal static void EpollLevel(TcpEnd connecting, TcpEnd accepting)
    {
        using Epoll epoll = new(accepting, Native.EPOLLIN);
        epoll.MustBeQuiet("before anything was sent");
        connecting.Send(s_hundred);
        epoll.MustTell("data");
        accepting.Receive(new byte[s_hundred.Length / 2]);
        epoll.MustTell("the rest of the data");
        accepting.Receive(new byte[s_hundred.Length / 2]);
        epoll.MustBeQuiet("when all was read");
    }

    /// <summary>Edge-triggered: told once for each arrival, in both directions.</summary>
    internal static void EpollEdge(TcpEnd connecting, TcpEnd accepting)
    {
        Edge(connecting, accepting);
        Edge(accepting, connecting);
    }

    /// <summary>MSG_PEEK shows and leaves.</summary>
    internal static void Peek(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Send(s_hundred);
        MustBecomeReadable(accepting);
        byte[] seen = new byte[s_hundred.Length];
        for (int i = 0; i < 2; i++)
        {
            if (accepting.TryReceive(seen, Native.MSG_PEEK) != seen.Length || !seen.AsSpan().SequenceEqual(s_hundred))
            {
                throw new PropertyException("MSG_PEEK does not show what waits");
            }
        }

        accepting.Receive(seen);
        if (!seen.AsSpan().SequenceEqual(s_hundred))
        {
            throw new PropertyException("what was looked at is not what is read");
        }
    }

    /// <summary>splice(2) moves what waits into a pipe.</summary>
    internal static void Splice(TcpEnd connecting, TcpEnd accepting)
    {
        int* ends = stackalloc int[2];
        if (Native.pipe2(ends, Native.SOCK_CLOEXEC) < 0)
        {
            throw new PropertyException($"pipe: {TcpEnd.Error()}");
        }

        try
        {
            connecting.Send(s_hundred);
            MustBecomeReadable(accepting);
            nint moved = Native.splice(accepting.Fd, null, ends[1], null, 4096, Native.SPLICE_F_NONBLOCK);
            if (moved != s_hundred.Length)
            {
                throw new PropertyException(moved < 0 ? $"splice failed: {TcpEnd.Error()}" : $"splice moved {moved} of {s_hundred.Length} bytes");
            }
        }
        finally
        {
            _ = Native.close(ends[0]);
            _ = Native.close(ends[1]);
        }
    }

    /// <summary>SO_RCVLOWAT keeps a reader asleep until there is enough.</summary>
    internal static void LowWaterMark(TcpEnd connecting, TcpEnd accepting)
    {
        accepting.Set(Native.SO_RCVLOWAT, s_hundred.Length);
        connecting.Send(s_hundred.AsSpan(0, 50));
        if (accepting.IsReadable(Moment))
        {
            throw new PropertyException($"it is readable with 50 bytes where {s_hundred.Length} were asked for");
        }

        connecting.Send(s_hundred.AsSpan(50));
        MustBecomeReadable(accepting);
    }

    /// <exception cref="PropertyException">It does not.</exception>
    internal static void MustBecomeReadable(TcpEnd end)
    {
        if (!end.IsReadable(TcpEnd.Patience))
        {
            throw new PropertyException($"it is not readable after {TcpEnd.Patience.TotalSeconds:0} s, though data was sent");
        }
    }

    private static void Edge(TcpEnd sender, TcpEnd receiver)
    {
        using Epoll epoll = new(receiver, Native.EPOLLIN | Native.EPOLLET);
        for (int i = 0; i < 2; i++)
        {
            sender.Send(s_hundred);
            epoll.MustTell(i == 0 ? "data" : "more data");
            epoll.MustBeQuiet("when nothing more had come");
        }

        receiver.Receive(new byte[2 * s_hundred.Length]);
        sender.Send(s_hundred);
        epoll.MustTell("data after all was read");
        receiver.Receive(new byte[s_hundred.Length]);
    }

    /// <summary>An epoll instance with one socket.</summary>
    private sealed class Epoll : IDisposable
    {
        /// <summary><c>struct epoll_event</c> is packed on x86-64 only.</summary>
        private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

        private readonly int _fd = Native.epoll_create1(Native.SOCK_CLOEXEC);

        internal Epoll(TcpEnd end, uint events)
        {
            byte* entry = stackalloc byte[16];
            Span<byte> room = new(entry, 16);
            room.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(room, events);
            BinaryPrimitives.WriteInt32LittleEndian(room[DataOffset..], end.Fd);
            if (Native.epoll_ctl(_fd, Native.EPOLL_CTL_ADD, end.Fd, entry) < 0)
            {
                throw new PropertyException($"epoll_ctl: {TcpEnd.Error()}");
            }
        }

        public void Dispose() => _ = Native.close(_fd);

        internal void MustTell(string what)
        {
            if (!Tells(TcpEnd.Patience))
            {
                throw new PropertyException($"epoll does not tell of {what}");
            }
        }

        internal void MustBeQuiet(string when)
        {
            if (Tells(TimeSpan.Zero))
            {
                throw new PropertyException($"epoll tells of data {when}");
            }
        }

        private bool Tells(TimeSpan patience)
        {
            byte* entry = stackalloc byte[16];
            return Native.epoll_wait(_fd, entry, 1, (int)patience.TotalMilliseconds) > 0;
        }
    }
}
