using System.Diagnostics.CodeAnalysis;

namespace Pmoas.Sdk.Bpf;

/// <summary>Type information (BTF) of an object: sizes, struct members, map value types.</summary>
public sealed class Btf
{
    /// <summary>The struct with this C name.</summary>
    public bool TryStruct(string name, [NotNullWhen(true)] out BtfStruct? type) => throw new NotImplementedException();

    /// <summary>The struct that is the value type of this map.</summary>
    public bool TryMapValue(string map, [NotNullWhen(true)] out BtfStruct? type) => throw new NotImplementedException();

    /// <summary>C names of the structs that carry events to user space: those marked <c>PMOAS_EVENT(name)</c>.</summary>
    public IReadOnlyList<string> EventStructs => throw new NotImplementedException();
}

/// <summary>A C struct.</summary>
/// <param name="Name">C name.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Members">In the order of their offsets.</param>
public sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);

/// <summary>A member of a C struct.</summary>
/// <param name="Name">C name.</param>
/// <param name="Offset">Bytes from the struct's start.</param>
/// <param name="Size">Bytes, of the whole array where it is one.</param>
/// <param name="TypeName">C type name without qualifiers, of the element where it is an array; typedefs are resolved to the struct or integer below.</param>
/// <param name="ArrayLength">Number of elements; 1 when it is no array.</param>
public sealed record BtfMember(string Name, int Offset, int Size, string TypeName, int ArrayLength);
