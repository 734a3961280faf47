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

    /// <summary>Of the first journey of a connection: when the handshake began, in the eyes of the end named by <see cref="Container"/>; otherwise 0.</summary>
    public readonly ulong OpenedNs;

    /// <summary>When it was over; 0 when it was not seen.</summary>
    public readonly ulong EstablishedNs;

    /// <summary>Since when the end that closed first was in each state that closes, by TCP's numbers; 0: it was not.</summary>
    public readonly StateTimes Since;

    /// <summary>When that end was closed; 0: it was not right after the journey, or that is not known yet.</summary>
    public readonly ulong ClosedNs;

    /// <summary>Those with one number each are a part of one request's way through a sidecar and back; 0: of none.</summary>
    public readonly ulong Exchange;

    /// <summary>Where it came from.</summary>
    public readonly JourneyAddress SourceAddress;

    /// <summary>Where it went.</summary>
    public readonly JourneyAddress DestinationAddress;

    /// <summary>Id of the sender's container where it is watched, otherwise of the receiver's.</summary>
    public readonly uint Container;

    /// <summary>Sequence number of the followed byte.</summary>
    public readonly uint Byte;

    /// <summary>One more than the key of its call stack in map <c>stacks</c>; 0: none.</summary>
    public readonly uint Stack;

    /// <summary>Nothing.</summary>
    public readonly uint Unused;

    /// <summary>Host order.</summary>
    public readonly ushort SourcePort;

    /// <summary>Host order.</summary>
    public readonly ushort DestinationPort;

    /// <summary>Position in <c>enum leg</c>.</summary>
    public readonly byte Leg;

    /// <summary>Position in <c>enum direction</c>.</summary>
    public readonly byte Direction;

    /// <summary>State of TCP the handshake began with.</summary>
    public readonly byte Opening;

    /// <summary>Position in <c>enum phase</c>: data for a journey, with or without its connection's handshake and close; others have no journey.</summary>
    public readonly byte Phase;

    /// <summary>When it began: the first stage it passed, nanoseconds since boot.</summary>
    public ulong Began
    {
        get
        {
            foreach (ulong at in At)
            {
                if (at != 0)
                {
                    return at;
                }
            }

            return 0;
        }
    }

    /// <summary>When it ended: the last.</summary>
    public ulong Ended
    {
        get
        {
            ulong last = 0;
            foreach (ulong at in At)
            {
                last = at != 0 ? at : last;
            }

            return last;
        }
    }
}

/// <summary>A time for each stage of the path.</summary>
[InlineArray(Count)]
public struct StageTimes
{
    internal const int Count = StagePath.MaxStages;

    private ulong _first;
}

/// <summary>A time for each state of TCP.</summary>
[InlineArray(Count)]
public struct StateTimes
{
    internal const int Count = 12;

    private ulong _first;
}

/// <summary>An IPv6 address in network order; IPv4 is v4-mapped.</summary>
[InlineArray(16)]
public struct JourneyAddress
{
    private byte _first;

    /// <summary>The same as the kernel has it.</summary>
    public static JourneyAddress Of(IPAddress address)
    {
        JourneyAddress made = default;
        address.MapToIPv6().TryWriteBytes(made, out _);
        return made;
    }

    /// <summary>The address; IPv4 as such.</summary>
    public readonly IPAddress ToAddress()
    {
        IPAddress address = new((ReadOnlySpan<byte>)this);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
