using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pmoas.Accept;

/// <summary><c>enum accept_event_kind</c>.</summary>
public enum AcceptEventKind : uint
{
    /// <summary>accept() returned; duration: the wait in the queue.</summary>
    Accept = 1,

    /// <summary>A connect ended; duration: until then.</summary>
    Connect,

    /// <summary>A connection ended; duration: how long it was established.</summary>
    Close,

    /// <summary>The sidecar connected for a request; duration: since the request began.</summary>
    Forward,

    /// <summary>The service accepted what the sidecar connected; duration: since that connect began.</summary>
    Handoff,

    /// <summary>A request went over a connection already open.</summary>
    Reuse,
}

/// <summary><c>struct accept_event</c> (bpf/accept/accept.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct AcceptEvent
{
    /// <summary>Nanoseconds since boot.</summary>
    public readonly ulong TimeNs;

    /// <summary>Nanoseconds; what of is said by <see cref="AcceptEventKind"/>.</summary>
    public readonly ulong DurationNs;

    /// <summary>Payload bytes sent; close only.</summary>
    public readonly ulong SentBytes;

    /// <summary>Payload bytes received; close only.</summary>
    public readonly ulong ReceivedBytes;

    /// <summary>Address of this end.</summary>
    public readonly SocketAddress128 LocalAddress;

    /// <summary>Address of the other end.</summary>
    public readonly SocketAddress128 RemoteAddress;

    /// <summary>Container id.</summary>
    public readonly uint Container;

    /// <summary>What happened.</summary>
    public readonly AcceptEventKind Kind;

    /// <summary>Connect only: position in <c>enum connect_result</c>.</summary>
    public readonly uint Result;

    /// <summary>Port of this end, host order.</summary>
    public readonly ushort LocalPort;

    /// <summary>Port of the other end, host order.</summary>
    public readonly ushort RemotePort;
}

/// <summary>An IPv6 address in network order; IPv4 is v4-mapped.</summary>
[InlineArray(16)]
public struct SocketAddress128
{
    private byte _first;

    /// <summary>The address; IPv4 as such.</summary>
    public readonly IPAddress ToAddress()
    {
        IPAddress address = new((ReadOnlySpan<byte>)this);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
