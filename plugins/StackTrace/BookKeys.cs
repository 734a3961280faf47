using System.Runtime.InteropServices;
using System.Text;

namespace Pmoas.StackTrace;

/// <summary><c>struct journey_key</c> (bpf/stack_trace/stack_trace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct JourneyKey(uint Pod, byte Leg, byte Direction, byte Phase, byte Unused)
{
    /// <summary>Of exchanges, as map samples has it.</summary>
    internal static JourneyKey Exchange(uint pod) => new(pod, 0, 0, (byte)StackTraceMetrics.Phases.Count, 0);

    /// <summary>An interval of these journeys.</summary>
    internal IntervalKey Interval(byte from, byte to) => new(Pod, Leg, Direction, Phase, from, to, 0, 0, 0);
}

/// <summary><c>struct interval_key</c> (bpf/stack_trace/stack_trace.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IntervalKey(uint Pod, byte Leg, byte Direction, byte Phase, byte From, byte To, byte Unused1, byte Unused2, byte Unused3);

/// <summary><c>enum count_kind</c>.</summary>
internal enum CountKind : byte
{
    /// <summary>Which: number of a stage.</summary>
    Unfinished,
    Unfollowed,
    Retransmits,

    /// <summary>Which: <c>enum skb_drop_reason</c>.</summary>
    Dropped,
}

/// <summary><c>struct count_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CountKey(uint Pod, byte Leg, byte Direction, CountKind Kind, byte Unused, uint Which);

/// <summary><c>enum netfilter_part</c>.</summary>
internal enum NetfilterPart : byte
{
    Hook,
    Table,
    Chain,
}

/// <summary><c>struct netfilter_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct NetfilterKey(uint Pod, byte Hook, byte Family, NetfilterPart Part, byte Unused, NetfilterName Table, NetfilterName Chain);

/// <summary><c>struct route_key</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct RouteKey(uint Pod, uint Table, byte Family, byte Unused1, byte Unused2, byte Unused3)
{
    /// <summary>Name of the table, as iproute2 has it; its number where it has no name.</summary>
    internal string TableName => Table switch
    {
        253 => "default",
        254 => "main",
        255 => "local",
        _ => $"{Table}",
    };
}

/// <summary>Name of a table or chain: 32 bytes, the rest of them 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct NetfilterName(ulong First, ulong Second, ulong Third, ulong Fourth)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        NetfilterName copy = this;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<NetfilterName>(in copy));
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
