namespace Pmoas.Sdk.Bpf;

/// <summary>A C struct.</summary>
/// <param name="Name">C name.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Members">In the order of their offsets.</param>
public sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);

/// <summary>A member of a C struct.</summary>
/// <param name="Name">C name.</param>
/// <param name="Offset">Bytes from the struct's start.</param>
/// <param name="Size">Bytes, of the whole array where it is one.</param>
/// <param name="TypeName">
/// Bare type name with typedefs and qualifiers resolved, of the element where it is an array: a struct, union or enum by its own name without
/// the keyword (<c>pmoas_histogram</c>), an integer by its width (<c>__u64</c>, <c>__s32</c>, …), <c>char</c>, <c>bool</c>, <c>*</c> for any pointer.
/// </param>
/// <param name="ArrayLength">Number of elements; 1 when it is no array.</param>
public sealed record BtfMember(string Name, int Offset, int Size, string TypeName, int ArrayLength);
