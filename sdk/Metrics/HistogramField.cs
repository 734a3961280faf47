namespace Pmoas.Sdk.Metrics;

/// <summary>
/// A <c>struct pmoas_histogram</c>: per slot a count and a sum, replayed as the slot's new values with their mean, so that the
/// histogram's <c>_sum</c> is the kernel's.
/// </summary>
internal sealed class HistogramField(int offset, HistogramDef def, Histogram histogram) : FieldExport(offset, Buckets.KernelSlots * 2)
{
    private readonly double[] _bounds = [.. def.Buckets];
    private readonly double _scale = def.Scale;

    internal override bool StartedAgain(ReadOnlySpan<ulong> now, ReadOnlySpan<ulong> exported)
    {
        for (int slot = 0; slot < Buckets.KernelSlots; slot++)
        {
            if (now[slot * 2] < exported[slot * 2])
            {
                return true;
            }
        }

        return false;
    }

    internal override void Begin(Span<string> labels) => histogram.Observe(0, 0, labels[..^1]);

    internal override void Advance(ReadOnlySpan<ulong> now, Span<ulong> exported, Span<string> labels)
    {
        for (int slot = 0; slot < Buckets.KernelSlots; slot++)
        {
            ulong count = now[slot * 2] - exported[slot * 2];
            if (count == 0)
            {
                continue;
            }

            // A value is being added while we read: its count may be here and its sum not yet. What is exported of the sum is
            // remembered as exported, not as read, so the rest follows with the slot's next value and _sum loses nothing.
            ulong sum = InSlot(slot, count, now[(slot * 2) + 1] - exported[(slot * 2) + 1]);
            exported[slot * 2] += count;
            exported[(slot * 2) + 1] += sum;
            histogram.Observe(InBucket(slot, (double)sum / count * _scale), (long)count, labels[..^1]);
        }
    }

    internal override void End(Span<string> labels) => histogram.Remove(labels[..^1]);

    /// <summary>The sum nearest to <paramref name="sum"/> that <paramref name="count"/> values of this slot can have.</summary>
    private static ulong InSlot(int slot, ulong count, ulong sum)
    {
        ulong least = slot == 0 ? 0 : ((1UL << (Buckets.KernelFirstShift + slot - 1)) + 1) * count;
        ulong most = slot == Buckets.KernelSlots - 1 ? ulong.MaxValue : (1UL << (Buckets.KernelFirstShift + slot)) * count;

        // Above half of the range it is a difference below zero: more was exported than the kernel had summed yet.
        return (long)sum < 0 ? least : Math.Clamp(sum, least, most);
    }

    /// <summary>The value, kept in the slot's bucket where scaling rounded it over a bound.</summary>
    private double InBucket(int slot, double value)
    {
        if (slot > 0 && value <= _bounds[slot - 1])
        {
            return Math.BitIncrement(_bounds[slot - 1]);
        }

        return slot < _bounds.Length && value > _bounds[slot] ? _bounds[slot] : value;
    }
}
