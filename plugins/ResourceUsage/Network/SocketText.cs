using Pmoas.ResourceUsage.Cgroups;

namespace Pmoas.ResourceUsage.Network;

/// <summary>Sockets of one network namespace, from <c>/proc/PID/net/sockstat</c> and <c>sockstat6</c>.</summary>
internal struct SocketCounts
{
    /// <summary>Of any kind; both IP versions.</summary>
    internal ulong All;

    /// <summary>TCP sockets that are bound, listening or connected; both IP versions.</summary>
    internal ulong TcpInUse;

    /// <summary>Closed TCP connections whose port is not free yet.</summary>
    internal ulong TcpTimeWait;

    /// <summary>UDP sockets; both IP versions.</summary>
    internal ulong UdpInUse;

    /// <summary>
    /// Adds what one of the files says. Its other numbers (orphan, alloc, mem) are those of the whole machine.
    /// </summary>
    internal void Add(ReadOnlySpan<byte> text)
    {
        while (CgroupText.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (line.StartsWith("sockets: "u8))
            {
                All += Number(line, "used"u8);
            }
            else if (line.StartsWith("TCP: "u8) || line.StartsWith("TCP6: "u8))
            {
                TcpInUse += Number(line, "inuse"u8);
                TcpTimeWait += Number(line, "tw"u8);
            }
            else if (line.StartsWith("UDP: "u8) || line.StartsWith("UDP6: "u8))
            {
                UdpInUse += Number(line, "inuse"u8);
            }
        }
    }

    private static ulong Number(ReadOnlySpan<byte> line, ReadOnlySpan<byte> key)
    {
        while (CgroupText.NextWord(ref line, out ReadOnlySpan<byte> word))
        {
            if (word.SequenceEqual(key))
            {
                return CgroupText.NextWord(ref line, out ReadOnlySpan<byte> number) && CgroupText.TryNumber(number, out ulong value) ? value : 0;
            }
        }

        return 0;
    }
}
