using System.Runtime.InteropServices;

namespace Pmoas.StackTrace;

/// <summary><c>struct journey_key</c> (bpf/stack_trace/stack_trace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct JourneyKey(uint Pod, byte Leg, byte Direction, byte Phase, byte Unused)
{
    /// <summary>An interval of these journeys.</summary>
    internal IntervalKey Interval(byte from, byte to) => new(Pod, Leg, Direction, Phase, from, to, 0, 0, 0);
}

/// <summary><c>struct interval_key</c> (bpf/stack_trace/stack_trace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IntervalKey(uint Pod, byte Leg, byte Direction, byte Phase, byte From, byte To, byte Unused1, byte Unused2, byte Unused3);

/// <summary><c>enum count_kind</c>.</summary>
internal enum CountKind : byte
{
    /// <summary>Which: position of a stage.</summary>
    Unfinished,
    Unfollowed,
    Retransmits,

    /// <summary>Which: <c>enum skb_drop_reason</c>.</summary>
    Dropped,
}

/// <summary><c>struct count_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CountKey(uint Pod, byte Leg, byte Direction, CountKind Kind, byte Unused, uint Which);
