namespace Pmoas.Sdk.Metrics;

/// <summary>
/// Carries one member of a kernel value to its instrument. Works on the member's 64-bit words, already summed over CPUs:
/// what they are now, and what has been exported of them so far. Not thread-safe: a scrape is one thread at a time.
/// </summary>
/// <param name="offset">Bytes from the start of the value.</param>
/// <param name="words">64-bit words of the member.</param>
internal abstract class FieldExport(int offset, int words)
{
    /// <summary>Bytes from the start of the value.</summary>
    internal int Offset { get; } = offset;

    /// <summary>64-bit words of the member.</summary>
    internal int Words { get; } = words;

    /// <summary>True when what is exported is what the kernel says now, not what has been added.</summary>
    internal virtual bool IsGauge => false;

    /// <summary>Makes the exporter of a field.</summary>
    internal static FieldExport Of(ExportedField field, IInstruments instruments)
    {
        (MetricDef def, Bpf.BtfMember member) = field;
        IReadOnlyList<string> positions = def.Labels.Count > 0 ? def.Labels[^1].Values : [];
        return def switch
        {
            CounterDef counter => new CounterField(member.Offset, member.ArrayLength, positions, def.Scale, instruments.Counter(counter)),
            GaugeDef gauge => new GaugeField(member.Offset, member.ArrayLength, positions, def.Scale, instruments.Gauge(gauge)),
            HistogramDef histogram => new HistogramField(member.Offset, histogram, instruments.Histogram(histogram)),
            _ => throw new ArgumentException($"{def.Name}: a {def.GetType().Name} cannot be exported", nameof(field)),
        };
    }

    /// <summary>True when the kernel's words say that they started again from 0.</summary>
    internal virtual bool StartedAgain(ReadOnlySpan<ulong> now, ReadOnlySpan<ulong> exported) => false;

    /// <summary>Makes the series appear, with 0.</summary>
    /// <param name="labels">Label values of the series, then one free place for the name of an array position.</param>
    internal abstract void Begin(Span<string> labels);

    /// <summary>Exports what grew since <paramref name="exported"/>, which is brought up to date.</summary>
    internal abstract void Advance(ReadOnlySpan<ulong> now, Span<ulong> exported, Span<string> labels);

    /// <summary>Ends the series.</summary>
    internal abstract void End(Span<string> labels);
}

/// <summary>A member that is one 64-bit integer, or an array whose positions are the last label's values.</summary>
internal abstract class IntegerField(int offset, int words, IReadOnlyList<string> positions) : FieldExport(offset, words)
{
    /// <summary>The label values of one word's series.</summary>
    protected ReadOnlySpan<string> LabelsOf(int word, Span<string> labels)
    {
        if (positions.Count == 0)
        {
            return labels[..^1];
        }

        labels[^1] = positions[word];
        return labels;
    }
}

/// <summary>A counter: adds what its words grew by.</summary>
internal sealed class CounterField(int offset, int words, IReadOnlyList<string> positions, double scale, Counter counter)
    : IntegerField(offset, words, positions)
{
    internal override bool StartedAgain(ReadOnlySpan<ulong> now, ReadOnlySpan<ulong> exported)
    {
        for (int word = 0; word < Words; word++)
        {
            if (now[word] < exported[word])
            {
                return true;
            }
        }

        return false;
    }

    internal override void Begin(Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            counter.Add(0, LabelsOf(word, labels));
        }
    }

    internal override void Advance(ReadOnlySpan<ulong> now, Span<ulong> exported, Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            if (now[word] != exported[word])
            {
                counter.Add((now[word] - exported[word]) * scale, LabelsOf(word, labels));
                exported[word] = now[word];
            }
        }
    }

    internal override void End(Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            counter.Remove(LabelsOf(word, labels));
        }
    }
}

/// <summary>A gauge: sets what its words are, read as signed. One CPU's share may be negative; the sum is what counts.</summary>
internal sealed class GaugeField(int offset, int words, IReadOnlyList<string> positions, double scale, Gauge gauge)
    : IntegerField(offset, words, positions)
{
    internal override bool IsGauge => true;

    internal override void Begin(Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            gauge.Set(0, LabelsOf(word, labels));
        }
    }

    internal override void Advance(ReadOnlySpan<ulong> now, Span<ulong> exported, Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            gauge.Set((long)now[word] * scale, LabelsOf(word, labels));
        }
    }

    internal override void End(Span<string> labels)
    {
        for (int word = 0; word < Words; word++)
        {
            gauge.Remove(LabelsOf(word, labels));
        }
    }
}
