using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pmoas.StackTrace;

/// <summary><c>struct journey_event</c> (bpf/stack_trace/stack_trace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct JourneyEvent
{
    /// <summary>When each stage was passed, nanoseconds since boot; 0: not passed.</summary>
    public readonly StageTimes At;

    /// <summary>Where it came from.</summary>
    public readonly JourneyAddress SourceAddress;

    /// <summary>Where it went.</summary>
    public readonly JourneyAddress DestinationAddress;

    /// <summary>Id of the sender's container where it is watched, otherwise of the receiver's.</summary>
    public readonly uint Container;

    /// <summary>Sequence number of the followed byte.</summary>
    public readonly uint Byte;

    /// <summary>Host order.</summary>
    public readonly ushort SourcePort;

    /// <summary>Host order.</summary>
    public readonly ushort DestinationPort;

    /// <summary>Position in <c>enum leg</c>.</summary>
    public readonly byte Leg;

    /// <summary>Position in <c>enum direction</c>.</summary>
    public readonly byte Direction;

    private readonly ushort _unused;
}

/// <summary>A time for each stage.</summary>
[InlineArray(Count)]
public struct StageTimes
{
    internal const int Count = 13;

    private ulong _first;
}

/// <summary>An IPv6 address in network order; IPv4 is v4-mapped.</summary>
[InlineArray(16)]
public struct JourneyAddress
{
    private byte _first;

    /// <summary>The address; IPv4 as such.</summary>
    public readonly IPAddress ToAddress()
    {
        IPAddress address = new((ReadOnlySpan<byte>)this);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
