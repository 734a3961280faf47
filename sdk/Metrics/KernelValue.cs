using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Metrics;

/// <summary>
/// The exported members of one kernel value struct: sums them over CPUs and hands what grew to their instruments. Allocates nothing
/// at rest. Not thread-safe.
/// </summary>
internal sealed class KernelValue(IReadOnlyList<FieldExport> fields)
{
    private readonly FieldExport[] _fields = [.. fields];
    private readonly ulong[] _now = new ulong[fields.Sum(field => field.Words)];

    /// <summary>Room for what has been exported of one value, all 0.</summary>
    internal ulong[] NothingExported() => new ulong[_now.Length];

    /// <summary>Makes the series of these labels appear, with 0.</summary>
    /// <param name="labels">Label values, then one free place.</param>
    internal void Begin(Span<string> labels)
    {
        foreach (FieldExport field in _fields)
        {
            field.Begin(labels);
        }
    }

    /// <summary>Exports what grew in a value since the last time.</summary>
    /// <param name="values">The value of each CPU, <paramref name="stride"/> bytes apart.</param>
    /// <param name="stride">Bytes from one CPU's value to the next.</param>
    /// <param name="exported">What has been exported of it; brought up to date.</param>
    /// <param name="labels">Label values, then one free place.</param>
    /// <param name="gauges">False leaves the gauges alone.</param>
    internal void Advance(ReadOnlySpan<byte> values, int stride, Span<ulong> exported, Span<string> labels, bool gauges = true)
    {
        Sum(values, stride);
        if (StartedAgain(exported))
        {
            exported.Clear();
        }

        int first = 0;
        foreach (FieldExport field in _fields)
        {
            if (gauges || !field.IsGauge)
            {
                field.Advance(_now.AsSpan(first, field.Words), exported.Slice(first, field.Words), labels);
            }

            first += field.Words;
        }
    }

    /// <summary>Ends the series of these labels.</summary>
    /// <param name="labels">Label values, then one free place.</param>
    internal void End(Span<string> labels)
    {
        foreach (FieldExport field in _fields)
        {
            field.End(labels);
        }
    }

    private void Sum(ReadOnlySpan<byte> values, int stride)
    {
        Array.Clear(_now);
        for (int cpu = 0; cpu < values.Length; cpu += stride)
        {
            int first = 0;
            foreach (FieldExport field in _fields)
            {
                ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(values.Slice(cpu + field.Offset, field.Words * sizeof(ulong)));
                for (int word = 0; word < words.Length; word++)
                {
                    _now[first + word] += words[word];
                }

                first += field.Words;
            }
        }
    }

    /// <summary>One member that shrank says that the whole entry was made anew, also where another has already outgrown its old self.</summary>
    private bool StartedAgain(ReadOnlySpan<ulong> exported)
    {
        int first = 0;
        foreach (FieldExport field in _fields)
        {
            if (field.StartedAgain(_now.AsSpan(first, field.Words), exported.Slice(first, field.Words)))
            {
                return true;
            }

            first += field.Words;
        }

        return false;
    }
}
