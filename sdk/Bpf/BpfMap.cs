namespace Pmoas.Sdk.Bpf;

/// <summary>A map of a <see cref="BpfObject"/>; valid while that object lives. Safe from any thread.</summary>
public readonly struct BpfMap
{
    /// <summary>C name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>Kind of map.</summary>
    public BpfMapType Type => throw new NotImplementedException();

    /// <summary>Bytes of a key.</summary>
    public int KeySize => throw new NotImplementedException();

    /// <summary>Bytes of a value, of one CPU in a per-CPU map.</summary>
    public int ValueSize => throw new NotImplementedException();

    /// <summary>Capacity; settable before load.</summary>
    public uint MaxEntries { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    /// <summary>File descriptor once loaded.</summary>
    public int Fd => throw new NotImplementedException();

    /// <summary>Uses another object's loaded map instead of making one of its own; before load.</summary>
    public void Reuse(BpfMap other) => throw new NotImplementedException();

    /// <summary>Reads one value. False when the key is absent.</summary>
    public bool TryGet<TKey, TValue>(TKey key, out TValue value) where TKey : unmanaged where TValue : unmanaged => throw new NotImplementedException();

    /// <summary>Writes one value.</summary>
    public void Set<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged => throw new NotImplementedException();

    /// <summary>Removes a key. False when it was absent.</summary>
    public bool Remove<TKey>(TKey key) where TKey : unmanaged => throw new NotImplementedException();

    /// <summary>Entries now, counted by walking the keys.</summary>
    public int CountEntries() => throw new NotImplementedException();
}
