namespace Pmoas.Sdk.Metrics;

/// <summary>Exports a kernel table of one entry, without container labels. Allocates nothing. Not thread-safe.</summary>
internal sealed class NodeTable
{
    private readonly KernelValue _value;
    private readonly ulong[] _exported;
    private readonly string[] _labels = [""];

    /// <summary>Makes the series appear, with 0.</summary>
    internal NodeTable(KernelValue value)
    {
        _value = value;
        _exported = value.NothingExported();
        value.Begin(_labels);
    }

    /// <summary>Exports what the entry gained; the signature is that of an entry handler.</summary>
    internal void Read(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride) => _value.Advance(values, stride, _exported, _labels);
}
