using Pmoas.ResourceUsage.Cgroups;

namespace Pmoas.ResourceUsage.Network;

/// <summary>What one line of <c>/proc/PID/net/dev</c> says of an interface.</summary>
internal readonly record struct InterfaceCounts(Traffic Received, Traffic Transmitted)
{
    /// <summary>True when nothing ever went through it, as through the tunnels every namespace is born with.</summary>
    internal bool IsUnused => Received.Packets == 0 && Transmitted.Packets == 0 && Received.Drops == 0 && Transmitted.Drops == 0
        && Received.Errors == 0 && Transmitted.Errors == 0;
}

/// <summary>One direction.</summary>
internal readonly record struct Traffic(ulong Bytes, ulong Packets, ulong Errors, ulong Drops);

/// <summary>Reads <c>/proc/PID/net/dev</c>. Allocates nothing.</summary>
internal static class InterfaceText
{
    /// <summary>
    /// Reads a line <c>  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop …</c>; false for the two lines
    /// above them and for anything else.
    /// </summary>
    internal static bool TryRead(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out InterfaceCounts counts)
    {
        counts = default;
        int colon = line.IndexOf((byte)':');
        name = colon < 0 ? default : line[..colon].Trim((byte)' ');
        if (name.IsEmpty)
        {
            return false;
        }

        line = line[(colon + 1)..];
        if (!TryTraffic(ref line, out Traffic received) || !Skip(ref line, 4) || !TryTraffic(ref line, out Traffic transmitted))
        {
            return false;
        }

        counts = new InterfaceCounts(received, transmitted);
        return true;
    }

    private static bool TryTraffic(ref ReadOnlySpan<byte> line, out Traffic traffic)
    {
        bool all = TryNext(ref line, out ulong bytes) & TryNext(ref line, out ulong packets) & TryNext(ref line, out ulong errors) & TryNext(ref line, out ulong drops);
        traffic = new Traffic(bytes, packets, errors, drops);
        return all;
    }

    private static bool TryNext(ref ReadOnlySpan<byte> line, out ulong value)
    {
        value = 0;
        return CgroupText.NextWord(ref line, out ReadOnlySpan<byte> word) && CgroupText.TryNumber(word, out value);
    }

    private static bool Skip(ref ReadOnlySpan<byte> line, int words)
    {
        for (int i = 0; i < words; i++)
        {
            if (!CgroupText.NextWord(ref line, out _))
            {
                return false;
            }
        }

        return true;
    }
}
