using System.Runtime.InteropServices;
using System.Text;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary><c>enum btf_kind</c>: the kinds that are told apart here.</summary>
internal enum BtfKind
{
    Int = 1,
    Pointer = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Function = 12,
    FuncProto = 13,
    Variable = 14,
    DataSection = 15,
    DeclTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

/// <summary>
/// BTF as the kernel documents it (Documentation/bpf/btf.rst): a header, then types numbered from 1, then strings. A copy, independent of libbpf.
/// That of a module goes on where the kernel's ends, with types and with strings.
/// </summary>
internal sealed class BtfBlob
{
    private readonly BtfBlob? _kernel;
    private readonly byte[] _bytes;
    private readonly int _strings;
    private readonly int _stringBytes;
    private readonly List<int> _types = [];

    /// <param name="bytes">The whole BTF; empty when there is none.</param>
    /// <param name="kernel">The kernel's, when this is a module's.</param>
    internal BtfBlob(byte[] bytes, BtfBlob? kernel = null)
    {
        _kernel = kernel;
        _bytes = bytes;
        if (kernel is null)
        {
            _types.Add(0);
        }

        if (bytes.Length == 0)
        {
            return;
        }

        int header = Word(4);
        int position = header + Word(8);
        int end = position + Word(12);
        _strings = header + Word(16);
        _stringBytes = Word(20);
        while (position < end)
        {
            _types.Add(position);
            position += 12 + TrailingBytes(Count - 1);
        }
    }

    /// <summary>The first type that is not the kernel's.</summary>
    internal int First => _kernel?.Count ?? 1;

    /// <summary>Types are 1 to this number, exclusive; 0 is void.</summary>
    internal int Count => (_kernel?.Count ?? 0) + _types.Count;

    internal BtfKind Kind(int id) => id == 0 ? 0 : (BtfKind)((TypeWord(id, 1) >> 24) & 0x1f);

    internal string Name(int id) => id == 0 ? "void" : Text(TypeWord(id, 0));

    /// <summary>Bytes of a sized type, or the type a reference points to.</summary>
    internal int SizeOrType(int id) => TypeWord(id, 2);

    /// <summary>Number of members, variables or values.</summary>
    internal int Length(int id) => TypeWord(id, 1) & 0xffff;

    /// <summary>A word of what follows the type: members of a struct (name, type, offset), variables of a section (type, offset, size), …</summary>
    internal int Trailing(int id, int word) => TypeWord(id, 3 + word);

    /// <summary>True when member offsets carry a bit-field size in their top byte.</summary>
    internal bool HasBitFields(int id) => TypeWord(id, 1) < 0;

    internal string Text(int offset)
    {
        int before = _kernel?._stringBytes ?? 0;
        if (offset < before)
        {
            return _kernel!.Text(offset);
        }

        ReadOnlySpan<byte> rest = _bytes.AsSpan(_strings + offset - before);
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    /// <summary>Follows typedefs and qualifiers to the type below.</summary>
    internal int Resolve(int id)
    {
        while (Kind(id) is BtfKind.Typedef or BtfKind.Volatile or BtfKind.Const or BtfKind.Restrict or BtfKind.TypeTag)
        {
            id = SizeOrType(id);
        }

        return id;
    }

    private int TrailingBytes(int id) => Kind(id) switch
    {
        BtfKind.Int or BtfKind.Variable or BtfKind.DeclTag => 4,
        BtfKind.Array => 12,
        BtfKind.Struct or BtfKind.Union or BtfKind.DataSection or BtfKind.Enum64 => 12 * Length(id),
        BtfKind.Enum or BtfKind.FuncProto => 8 * Length(id),
        _ => 0,
    };

    private int TypeWord(int id, int word) =>
        _kernel is not null && id < _kernel.Count ? _kernel.TypeWord(id, word) : Word(_types[id - (_kernel?.Count ?? 0)] + (word * 4));

    private int Word(int offset) => MemoryMarshal.Read<int>(_bytes.AsSpan(offset));
}
