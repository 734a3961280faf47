using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>Takes one entry of a map in place: the spans are gone when it returns.</summary>
/// <param name="key">The key.</param>
/// <param name="values">The value; in a per-CPU map the values of all possible CPUs, each <paramref name="stride"/> bytes after the one before.</param>
/// <param name="stride">Bytes from one CPU's value to the next: the value's size, in a per-CPU map rounded up to 8.</param>
public delegate void MapEntryHandler(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride);

/// <summary>
/// Reads a whole hash or array, per-CPU or not, in as few system calls as the kernel allows. The buffers stay between reads, so that a
/// reader at rest allocates nothing. One thread at a time; valid while the map's object lives.
/// </summary>
public sealed unsafe class MapReader
{
    /// <summary>Aimed at per batch: large enough that the system call does not show, small enough for a machine of many CPUs.</summary>
    private const int BatchBytes = 256 * 1024;

    private readonly BpfMap _map;
    private readonly int _keySize;
    private readonly int _entryValues;
    private readonly int _stride;
    private readonly byte[] _cursors;
    private byte[] _keys = [];
    private byte[] _values = [];
    private uint _capacity;
    private bool _batches;

    /// <summary>Prepares to read this map.</summary>
    /// <exception cref="BpfException">libbpf cannot say how many CPUs there may be.</exception>
    public MapReader(BpfMap map) : this(map, batches: true)
    {
    }

    internal MapReader(BpfMap map, bool batches)
    {
        _map = map;
        _batches = batches;
        _keySize = map.KeySize;
        _stride = map.IsPerCpu ? (map.ValueSize + 7) & ~7 : map.ValueSize;
        _entryValues = map.IsPerCpu
            ? _stride * BpfException.Check(Libbpf.libbpf_num_possible_cpus(), "read the number of possible CPUs")
            : _stride;

        // A hash's cursor is a bucket number of four bytes, an array's is a key.
        _cursors = GC.AllocateUninitializedArray<byte>(2 * CursorSize, pinned: true);
        uint atLeast = Math.Min(map.MaxEntries, 16);
        Grow(Math.Clamp((uint)(BatchBytes / (_keySize + _entryValues)), atLeast, Math.Max(atLeast, map.MaxEntries)));
    }

    private int CursorSize => Math.Max(_keySize, sizeof(ulong));

    /// <summary>
    /// Hands over every entry. Entries that programs add or remove meanwhile may or may not be among them; no other is missed or seen twice.
    /// </summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public void Read(MapEntryHandler onEntry)
    {
        if (!_batches || !ReadBatches(onEntry))
        {
            _batches = false;
            ReadOneByOne(onEntry);
        }
    }

    /// <summary>False when the kernel has no batches for this kind of map.</summary>
    private bool ReadBatches(MapEntryHandler onEntry)
    {
        int fd = _map.Fd;
        byte* cursors = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_cursors));
        byte* next = cursors;
        byte* from = null;
        while (true)
        {
            uint count = _capacity;
            int result = Libbpf.bpf_map_lookup_batch(
                fd,
                from,
                next,
                Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_keys)),
                Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_values)),
                &count,
                null);
            switch (result)
            {
                case 0 or -Errno.ENOENT:
                    for (int i = 0; i < (int)count; i++)
                    {
                        Hand(onEntry, i);
                    }

                    if (result != 0)
                    {
                        return true;
                    }

                    from = next;
                    next = from == cursors ? cursors + CursorSize : cursors;
                    break;
                case -Errno.ENOSPC:
                    Grow(_capacity * 2);
                    break;
                case -Errno.EINTR:
                    break;
                case -Errno.ENOTSUPP or -Errno.EOPNOTSUPP or -Errno.EINVAL when from is null:
                    return false;
                default:
                    throw new BpfException($"read map {_map.Name}", -result);
            }
        }
    }

    private void ReadOneByOne(MapEntryHandler onEntry)
    {
        int fd = _map.Fd;
        byte* key = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_keys));
        byte* value = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_values));
        uint seen = 0;
        for (byte* from = null; seen < _map.MaxEntries && Libbpf.bpf_map_get_next_key(fd, from, key) == 0; from = key, seen++)
        {
            int result = Libbpf.bpf_map_lookup_elem(fd, key, value);
            if (result == 0)
            {
                Hand(onEntry, 0);
            }
            else if (result != -Errno.ENOENT)
            {
                throw new BpfException($"read map {_map.Name}", -result);
            }
        }
    }

    private void Hand(MapEntryHandler onEntry, int i) =>
        onEntry(_keys.AsSpan(i * _keySize, _keySize), _values.AsSpan(i * _entryValues, _entryValues), _stride);

    /// <summary>Pinned, because the kernel writes into them; they live as long as the reader.</summary>
    private void Grow(uint capacity)
    {
        _capacity = capacity;
        _keys = GC.AllocateUninitializedArray<byte>((int)capacity * _keySize, pinned: true);
        _values = GC.AllocateUninitializedArray<byte>((int)capacity * _entryValues, pinned: true);
    }
}
