using Microsoft.Extensions.Logging;

namespace Pmoas.Sdk.Bpf;

/// <summary>One kernel object (<c>*.bpf.o</c>): opened, then loaded, its programs then attached. Owns what it opens; dispose ends it all.</summary>
public sealed class BpfObject : IDisposable
{
    /// <summary>The object of a probe without a kernel part: no programs, no maps.</summary>
    public static BpfObject None { get; } = new();

    /// <summary>Opens the object in memory; nothing reaches the kernel yet.</summary>
    public static BpfObject Open(ReadOnlySpan<byte> elf, string name, ILogger logger) => throw new NotImplementedException();

    /// <summary>Name given at <see cref="Open"/>.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>Programs in the order of the object file.</summary>
    public IReadOnlyList<BpfProgram> Programs => throw new NotImplementedException();

    /// <summary>Maps, those libbpf makes (.rodata, .bss) included.</summary>
    public IReadOnlyList<BpfMap> Maps => throw new NotImplementedException();

    /// <summary>Type information of the object.</summary>
    public Btf Btf => throw new NotImplementedException();

    /// <summary>The program with this name.</summary>
    public BpfProgram Program(string name) => throw new NotImplementedException();

    /// <summary>The map with this name.</summary>
    public BpfMap Map(string name) => throw new NotImplementedException();

    /// <summary>True when the object has a map with this name.</summary>
    public bool HasMap(string name) => throw new NotImplementedException();

    /// <summary>Sets a <c>const volatile</c> (before load) or a global variable (any time). Size is checked against BTF.</summary>
    public void SetGlobal<T>(string name, T value) where T : unmanaged => throw new NotImplementedException();

    /// <summary>Reads a global variable.</summary>
    public T GetGlobal<T>(string name) where T : unmanaged => throw new NotImplementedException();

    /// <summary>Loads programs (those with autoload) and maps into the kernel.</summary>
    public void Load() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
