using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Sdk.Metrics;

/// <summary>
/// Reads totals by container as <c>pmoas/totals.h</c> keeps them: a value for each CPU and, for a container whose first events found no memory for that, one
/// for all CPUs in the map <c>NAME_shared</c>. Who reads sees one entry a container. Allocates nothing where there is no such container. One thread at a time;
/// valid while the object lives.
/// </summary>
public sealed class TotalsReader
{
    private readonly BpfMap _map;
    private readonly BpfMap? _sharedMap;
    private readonly MapReader _reader;
    private readonly MapReader? _shared;
    private readonly MapEntryHandler _keep, _join;
    private readonly Dictionary<uint, byte[]> _kept = [];
    private MapEntryHandler _to = static (_, _, _) => { };

    /// <summary>Prepares to read this map of the object, and the one beside it where there is one.</summary>
    /// <exception cref="BpfException">The object has no such map, or libbpf cannot say how many CPUs there may be.</exception>
    public TotalsReader(BpfObject bpf, string map)
    {
        ArgumentNullException.ThrowIfNull(bpf);
        (_map, _keep, _join) = (bpf.Map(map), Keep, Join);
        _reader = new MapReader(_map);
        if (bpf.HasMap(map + "_shared"))
        {
            _sharedMap = bpf.Map(map + "_shared");
            _shared = new MapReader(_sharedMap.Value);
        }
    }

    /// <summary>Hands over every container's entry; the value of all CPUs comes as that of another CPU.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public void Read(MapEntryHandler onEntry)
    {
        _to = onEntry;
        _kept.Clear(); // onEntry may have thrown the time before
        _shared?.Read(_keep);
        _reader.Read(_kept.Count == 0 ? onEntry : _join);
        foreach ((uint container, byte[] value) in _kept)
        {
            onEntry(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in container)), value, value.Length);
        }
    }

    /// <summary>Removes a container's entry.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public void Remove(uint container)
    {
        _map.Remove(container);
        _sharedMap?.Remove(container);
    }

    private void Keep(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride) => _kept[MemoryMarshal.Read<uint>(key)] = values.ToArray();

    private void Join(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride)
    {
        if (!_kept.Remove(MemoryMarshal.Read<uint>(key), out byte[]? value))
        {
            _to(key, values, stride);
            return;
        }

        byte[] joined = new byte[values.Length + stride];
        values.CopyTo(joined);
        value.CopyTo(joined, values.Length);
        _to(key, joined, stride);
    }
}
