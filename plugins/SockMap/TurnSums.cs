using System.Buffers.Binary;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;

namespace Pmoas.SockMap;

/// <summary>What one group of a container's connections did since they began to be counted.</summary>
/// <param name="Turns">Turns that ended.</param>
/// <param name="Nanoseconds">How long they took together.</param>
/// <param name="Connections">Connections of the group.</param>
/// <param name="Failed">Ends of them that closed with an error.</param>
internal readonly record struct GroupSums(ulong Turns, ulong Nanoseconds, ulong Connections, ulong Failed)
{
    /// <summary>What came since.</summary>
    public static GroupSums operator -(GroupSums now, GroupSums then) =>
        new(now.Turns - then.Turns, now.Nanoseconds - then.Nanoseconds, now.Connections - then.Connections, now.Failed - then.Failed);
}

/// <summary>Both groups of a container.</summary>
internal readonly record struct TurnSums(GroupSums Accelerated, GroupSums Control);

/// <summary>Reads both groups of every container out of the kernel's totals. One thread at a time.</summary>
internal sealed class TurnReader
{
    private const int SlotBytes = 2 * sizeof(ulong);

    private readonly TotalsReader _reader;
    private readonly Layout _acceleratedTurn, _controlTurn, _enrolled, _control, _failed;
    private readonly MapEntryHandler _onEntry;
    private Action<uint, TurnSums> _to = static (_, _) => { };

    /// <exception cref="BpfException">The object's totals are not as expected.</exception>
    internal TurnReader(BpfObject bpf)
    {
        _reader = new TotalsReader(bpf, "totals");
        BtfStruct type = bpf.Btf.TryMapValue("totals", out BtfStruct? found) ? found : throw new BpfException("map totals of sock_map has no BTF", errno: 0);
        Layout Of(string name) => type.Members.FirstOrDefault(member => member.Name == name) is { } member
            ? new Layout(member.Offset, member.Size)
            : throw new BpfException($"struct {type.Name} has no member {name}", errno: 0);
        (_acceleratedTurn, _controlTurn) = (Of("accelerated_turn"), Of("control_turn"));
        (_enrolled, _control, _failed) = (Of("enrolled"), Of("control"), Of("failed"));
        _onEntry = OnEntry;
    }

    /// <summary>Hands over every container's sums.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal void Read(Action<uint, TurnSums> to)
    {
        _to = to;
        _reader.Read(_onEntry);
    }

    private void OnEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        GroupSums accelerated = default, control = default;
        for (int at = 0; at < values.Length; at += stride)
        {
            ReadOnlySpan<byte> value = values.Slice(at, stride);
            accelerated = Add(accelerated, value, _acceleratedTurn, _enrolled, failed: 0);
            control = Add(control, value, _controlTurn, _control, failed: 1);
        }

        _to(BinaryPrimitives.ReadUInt32LittleEndian(key), new TurnSums(accelerated, control));
    }

    private GroupSums Add(GroupSums sums, ReadOnlySpan<byte> value, Layout turns, Layout connections, int failed)
    {
        ulong count = 0, sum = 0;
        for (int slot = turns.Offset; slot < turns.Offset + turns.Size; slot += SlotBytes)
        {
            count += Number(value, slot);
            sum += Number(value, slot + sizeof(ulong));
        }

        return new GroupSums(
            sums.Turns + count, sums.Nanoseconds + sum, sums.Connections + Number(value, connections.Offset),
            sums.Failed + Number(value, _failed.Offset + (failed * sizeof(ulong))));
    }

    private static ulong Number(ReadOnlySpan<byte> value, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(value[offset..]);

    private readonly record struct Layout(int Offset, int Size);
}
