using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Pmoas.SockMap.SelfTest;

/// <summary>A property does not hold; the message is what was seen, as the end of a sentence.</summary>
internal sealed class PropertyException(string seen) : Exception(seen);

/// <summary>One end of a connection. Every wait has an end: a stall is a result.</summary>
internal sealed unsafe class TcpEnd(int fd) : IDisposable
{
    private bool _closed;

    /// <summary>How long anything may take that should take microseconds.</summary>
    internal static TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The descriptor.</summary>
    internal int Fd => fd;

    /// <summary>True: receives wait in the call itself. False: as an event loop does it, by <c>poll</c>.</summary>
    internal bool Blocking { get; set; }

    /// <summary>Sends it all, waiting where it must.</summary>
    /// <exception cref="PropertyException">It cannot be sent.</exception>
    internal void Send(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            nint sent = TrySend(data);
            if (sent < 0)
            {
                throw new PropertyException($"a send failed: {Error()}");
            }

            data = data[(int)sent..];
        }
    }

    /// <summary>Sends what can be sent; -1 and errno when nothing can.</summary>
    internal nint TrySend(ReadOnlySpan<byte> data, int flags = 0)
    {
        fixed (byte* start = data)
        {
            return Native.send(fd, start, (nuint)data.Length, flags | Native.MSG_NOSIGNAL);
        }
    }

    /// <summary>Receives as many bytes as there are, up to this many; 0 at the end, -1 and errno on failure.</summary>
    internal nint TryReceive(Span<byte> into, int flags = 0)
    {
        fixed (byte* start = into)
        {
            return Native.recv(fd, start, (nuint)into.Length, flags);
        }
    }

    /// <summary>Waits until there is something, the end, or an error, and receives it; -1 and errno on failure, EAGAIN when nothing comes in time.</summary>
    internal nint Receive(Span<byte> into, int flags)
    {
        if (Blocking)
        {
            return TryReceive(into, flags);
        }

        nint got = TryReceive(into, flags | Native.MSG_DONTWAIT);
        return got < 0 && Marshal.GetLastPInvokeError() == Native.EAGAIN && IsReadable(Patience)
            ? TryReceive(into, flags | Native.MSG_DONTWAIT)
            : got;
    }

    /// <summary>Fills the span.</summary>
    /// <exception cref="PropertyException">It ends or fails before.</exception>
    internal void Receive(Span<byte> into)
    {
        while (into.Length > 0)
        {
            nint got = Receive(into, flags: 0);
            if (got <= 0)
            {
                throw new PropertyException(got == 0 ? "the connection ended before all had arrived" : $"a receive failed: {Error()}");
            }

            into = into[(int)got..];
        }
    }

    /// <summary>True when it becomes readable in time.</summary>
    internal bool IsReadable(TimeSpan patience)
    {
        Native.PollEntry entry = new() { Fd = fd, Events = Native.POLLIN };
        return Native.poll(&entry, 1, (int)patience.TotalMilliseconds) > 0;
    }

    /// <summary>Sets an option of the socket.</summary>
    internal void Set<T>(int option, T value) where T : unmanaged =>
        _ = Native.setsockopt(fd, Native.SOL_SOCKET, option, &value, (uint)sizeof(T));

    /// <summary>Says that nothing more is sent.</summary>
    internal void EndSending() => _ = Native.shutdown(fd, Native.SHUT_WR);

    /// <summary>The last call's error, in words.</summary>
    internal static string Error() => Marshal.GetLastPInvokeError() == Native.EAGAIN
        ? "EAGAIN, or nothing for too long"
        : Marshal.GetLastPInvokeErrorMessage();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _ = Native.close(fd);
        }
    }

    /// <summary>Two connected ends in the calling thread's network namespace, over loopback.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static (TcpEnd Connecting, TcpEnd Accepting) Pair()
    {
        int listener = Check(Native.socket(Native.AF_INET, Native.SOCK_STREAM | Native.SOCK_CLOEXEC, 0), "socket");
        try
        {
            Native.Address address = new() { Family = Native.AF_INET, Host = 0x0100007f };
            uint length = (uint)sizeof(Native.Address);
            Check(Native.bind(listener, &address, length), "bind");
            Check(Native.listen(listener, 1), "listen");
            Check(Native.getsockname(listener, &address, &length), "getsockname");
            TcpEnd connecting = Make(Native.socket(Native.AF_INET, Native.SOCK_STREAM | Native.SOCK_CLOEXEC, 0), "socket");
            try
            {
                Check(Native.connect(connecting.Fd, &address, length), "connect");
                return (connecting, Make(Native.accept4(listener, null, null, Native.SOCK_CLOEXEC), "accept"));
            }
            catch
            {
                connecting.Dispose();
                throw;
            }
        }
        finally
        {
            _ = Native.close(listener);
        }
    }

    private static TcpEnd Make(int fd, string call)
    {
        TcpEnd end = new(Check(fd, call));
        (long seconds, long ticks) = Math.DivRem(Patience.Ticks, TimeSpan.TicksPerSecond);
        (long Seconds, long Microseconds) patience = (seconds, ticks / TimeSpan.TicksPerMicrosecond);
        end.Set(Native.SO_RCVTIMEO, patience);
        end.Set(Native.SO_SNDTIMEO, patience);
        return end;
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
}
