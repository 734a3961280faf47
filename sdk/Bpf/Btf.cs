using System.Diagnostics.CodeAnalysis;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>Type information (BTF) of an object: sizes, struct members, map value types. Immutable; outlives its object.</summary>
public sealed class Btf
{
    private const string EventPrefix = "__pmoas_event_";

    private readonly BtfBlob _blob;
    private readonly IReadOnlyDictionary<string, int> _mapValues;
    private readonly Dictionary<string, int> _structs = [];
    private readonly Dictionary<string, BtfVariable> _variables = [];

    /// <param name="bytes">The whole BTF; empty when there is none.</param>
    /// <param name="mapValues">Type number of each map's value. Taken at open: reusing a map overwrites it with a number of the other object's BTF.</param>
    internal Btf(byte[] bytes, IReadOnlyDictionary<string, int> mapValues)
    {
        _blob = new BtfBlob(bytes);
        _mapValues = mapValues;
        for (int id = 1; id < _blob.Count; id++)
        {
            if (_blob.Kind(id) == BtfKind.Struct)
            {
                _structs.TryAdd(_blob.Name(id), id);
            }
            else if (_blob.Kind(id) == BtfKind.DataSection)
            {
                AddVariables(id);
            }
        }

        EventStructs = [.. _variables.Keys.Where(name => name.StartsWith(EventPrefix, StringComparison.Ordinal)).Select(name => name[EventPrefix.Length..])];
    }

    /// <summary>C names of the structs that carry events to user space: those marked <c>PMOAS_EVENT(name)</c>.</summary>
    public IReadOnlyList<string> EventStructs { get; }

    /// <summary>The struct with this C name.</summary>
    public bool TryStruct(string name, [NotNullWhen(true)] out BtfStruct? type)
    {
        type = _structs.TryGetValue(name, out int id) ? Struct(id) : null;
        return type is not null;
    }

    /// <summary>The struct that is the value type of this map. False when there is no such map, or its value is no struct.</summary>
    public bool TryMapValue(string map, [NotNullWhen(true)] out BtfStruct? type)
    {
        type = _mapValues.TryGetValue(map, out int id) && _blob.Kind(_blob.Resolve(id)) == BtfKind.Struct ? Struct(_blob.Resolve(id)) : null;
        return type is not null;
    }

    /// <summary>Where a global variable lies.</summary>
    internal bool TryVariable(string name, out BtfVariable variable) => _variables.TryGetValue(name, out variable);

    private void AddVariables(int section)
    {
        for (int i = 0; i < _blob.Length(section); i++)
        {
            string name = _blob.Name(_blob.Trailing(section, 3 * i));
            _variables[name] = new BtfVariable(_blob.Name(section), _blob.Trailing(section, (3 * i) + 1), _blob.Trailing(section, (3 * i) + 2));
        }
    }

    private BtfStruct Struct(int id)
    {
        List<BtfMember> members = [];
        for (int i = 0; i < _blob.Length(id); i++)
        {
            int bits = _blob.Trailing(id, (3 * i) + 2) & (_blob.HasBitFields(id) ? 0xffffff : -1);
            int type = _blob.Resolve(_blob.Trailing(id, (3 * i) + 1));
            int length = 1;
            int size = Size(type);
            while (_blob.Kind(type) == BtfKind.Array)
            {
                length *= _blob.Trailing(type, 2);
                type = _blob.Resolve(_blob.Trailing(type, 0));
            }

            members.Add(new BtfMember(_blob.Text(_blob.Trailing(id, 3 * i)), bits / 8, size, TypeName(type), length));
        }

        return new BtfStruct(_blob.Name(id), _blob.SizeOrType(id), members);
    }

    private int Size(int type) => _blob.Kind(type) switch
    {
        BtfKind.Pointer => 8,
        BtfKind.Array => _blob.Trailing(type, 2) * Size(_blob.Resolve(_blob.Trailing(type, 0))),
        _ => _blob.SizeOrType(type),
    };

    private string TypeName(int type)
    {
        if (_blob.Kind(type) == BtfKind.Pointer)
        {
            return "*";
        }

        if (_blob.Kind(type) != BtfKind.Int || _blob.Name(type) is "char" or "bool" or "_Bool")
        {
            return _blob.Name(type) is "_Bool" ? "bool" : _blob.Name(type);
        }

        const int signed = 1 << 24;
        return $"__{((_blob.Trailing(type, 0) & signed) != 0 ? 's' : 'u')}{_blob.SizeOrType(type) * 8}";
    }
}

/// <summary>A global variable: the section it lies in, its offset there and its size in bytes.</summary>
internal readonly record struct BtfVariable(string Section, int Offset, int Size);
