using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>A map of a <see cref="BpfObject"/>; valid while that object lives. Safe from any thread. Whole maps and per-CPU values are read by a <see cref="MapReader"/>.</summary>
public readonly struct BpfMap
{
    private readonly BpfObjectHandle _owner;
    private readonly nint _map;

    internal BpfMap(BpfObjectHandle owner, nint map) => (_owner, _map) = (owner, map);

    /// <summary>C name.</summary>
    public string Name => Marshal.PtrToStringUTF8(Libbpf.bpf_map__name(Pointer)) ?? "";

    /// <summary>Kind of map.</summary>
    public BpfMapType Type => (BpfMapType)Libbpf.bpf_map__type(Pointer);

    /// <summary>Bytes of a key.</summary>
    public int KeySize => (int)Libbpf.bpf_map__key_size(Pointer);

    /// <summary>Bytes of a value, of one CPU in a per-CPU map.</summary>
    public int ValueSize => (int)Libbpf.bpf_map__value_size(Pointer);

    /// <summary>Capacity; settable before load.</summary>
    /// <exception cref="BpfException">Set after load.</exception>
    public uint MaxEntries
    {
        get => Libbpf.bpf_map__max_entries(Pointer);
        set => BpfException.Check(Libbpf.bpf_map__set_max_entries(Pointer, value), $"set the size of map {Name}, possible only before load");
    }

    /// <summary>File descriptor once loaded.</summary>
    /// <exception cref="BpfException">The object is not loaded.</exception>
    public int Fd
    {
        get
        {
            int fd = Libbpf.bpf_map__fd(Pointer);
            return fd >= 0 ? fd : throw new BpfException($"map {Name} is not in the kernel yet: load its object first", errno: 0);
        }
    }

    /// <summary>True when every CPU has a value of its own.</summary>
    public bool IsPerCpu => Type is BpfMapType.PerCpuHash or BpfMapType.PerCpuArray or BpfMapType.LruPerCpuHash;

    internal nint Pointer => _owner is { IsClosed: false } ? _map : throw new ObjectDisposedException(nameof(BpfMap), "the object of this map is disposed");

    /// <summary>Uses another object's loaded map instead of making one of its own; before load.</summary>
    /// <exception cref="BpfException">The two maps differ in kind, key or value, or this one is loaded already.</exception>
    public void Reuse(BpfMap other)
    {
        if ((Type, KeySize, ValueSize) != (other.Type, other.KeySize, other.ValueSize))
        {
            throw new BpfException(
                $"map {Name} cannot stand for {other.Name}: {Type}, key {KeySize}, value {ValueSize} bytes here; "
                + $"{other.Type}, key {other.KeySize}, value {other.ValueSize} bytes there", errno: 0);
        }

        BpfException.Check(Libbpf.bpf_map__reuse_fd(Pointer, other.Fd), $"reuse map {other.Name} as {Name}");
    }

    /// <summary>Reads one value. False when the key is absent.</summary>
    /// <exception cref="ArgumentException">The sizes of the types are not those of the map, or the map is per-CPU.</exception>
    public unsafe bool TryGet<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        RequireSizes(sizeof(TKey), sizeof(TValue));
        TValue found;
        int result = Libbpf.bpf_map_lookup_elem(Fd, &key, &found);
        if (result == -Errno.ENOENT)
        {
            value = default;
            return false;
        }

        BpfException.Check(result, $"read map {Name}");
        value = found;
        return true;
    }

    /// <summary>Writes one value.</summary>
    /// <exception cref="ArgumentException">The sizes of the types are not those of the map, or the map is per-CPU.</exception>
    /// <exception cref="BpfException">The kernel refused: E2BIG means that the map is full.</exception>
    public unsafe void Set<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        RequireSizes(sizeof(TKey), sizeof(TValue));
        BpfException.Check(Libbpf.bpf_map_update_elem(Fd, &key, &value, 0), $"write map {Name} of {MaxEntries} entries");
    }

    /// <summary>Removes a key. False when it was absent.</summary>
    /// <exception cref="ArgumentException">The size of the type is not that of the map's key.</exception>
    public unsafe bool Remove<TKey>(TKey key) where TKey : unmanaged
    {
        RequireSizes(sizeof(TKey), valueSize: null);
        int result = Libbpf.bpf_map_delete_elem(Fd, &key);
        return result != -Errno.ENOENT && BpfException.Check(result, $"remove from map {Name}") == 0;
    }

    /// <summary>Entries now, counted by walking the keys; entries that come or go meanwhile may be missed or counted twice. An array is always full.</summary>
    public unsafe int CountEntries()
    {
        int fd = Fd;
        int keySize = KeySize;
        byte* key = stackalloc byte[keySize];
        int count = 0;

        // A key that was removed under us sends the kernel back to the first: the capacity bounds the walk.
        for (byte* from = null; count < MaxEntries && Libbpf.bpf_map_get_next_key(fd, from, key) == 0; from = key)
        {
            count++;
        }

        return count;
    }

    private void RequireSizes(int keySize, int? valueSize)
    {
        if (keySize != KeySize || (valueSize is { } size && size != ValueSize))
        {
            throw new ArgumentException($"map {Name} has keys of {KeySize} and values of {ValueSize} bytes, the types given have {keySize} and {valueSize ?? ValueSize}");
        }

        if (valueSize is not null && IsPerCpu)
        {
            throw new ArgumentException($"map {Name} has a value per CPU: read it with a {nameof(MapReader)}");
        }
    }
}
