using Pmoas.Sdk.Bpf;

namespace Pmoas.Sdk.Metrics;

/// <summary>What a C member must look like to be read as a metric, and the metric's labels to be filled from it. Pure.</summary>
internal static class FieldShape
{
    private const int HistogramBytes = Buckets.KernelSlots * 2 * sizeof(ulong);

    /// <summary>The C names of a 64-bit integer: as written, and as BTF has it once typedefs are resolved.</summary>
    private static readonly HashSet<string> Integer64 =
    [
        "__u64", "__s64", "u64", "s64", "unsigned long long", "long long", "long long unsigned int", "long long int",
        "unsigned long", "long", "long unsigned int", "long int",
    ];

    /// <summary>True when the metric carries any of the container labels.</summary>
    internal static bool HasContainerLabel(MetricDef def) =>
        def.Labels.Any(label => Label.Container.Any(container => container.Name == label.Name));

    /// <summary>All that keeps the definition from being read from this member; empty when it fits.</summary>
    internal static IEnumerable<string> Mistakes(MetricDef def, BtfMember member, bool perContainer)
    {
        int given = perContainer ? Label.Container.Count : 0;
        if (perContainer && !def.Labels.Take(given).Select(label => label.Name).SequenceEqual(Label.Container.Select(label => label.Name)))
        {
            yield return "its labels must start with namespace, pod, container, role (Label.Container)";
        }

        if (def is HistogramDef histogram)
        {
            if (member.TypeName.Replace("struct ", "", StringComparison.Ordinal) != "pmoas_histogram" || member.Size != HistogramBytes)
            {
                yield return $"a histogram is read from one struct pmoas_histogram of {HistogramBytes} bytes, this is {Text(member)}";
            }

            if (def.Labels.Count > given)
            {
                yield return $"a histogram has no label beyond the {given} of its map";
            }

            if (!HasKernelBounds(histogram))
            {
                yield return $"its Buckets are not 2^{Buckets.KernelFirstShift}, 2^{Buckets.KernelFirstShift + 1}, … "
                    + $"({Buckets.KernelSlots - 1} bounds) times its Scale {def.Scale:R}; nanoseconds as seconds need Scale = 1e-9";
            }

            yield break;
        }

        if (!Integer64.Contains(member.TypeName) || member.Size != member.ArrayLength * sizeof(ulong))
        {
            yield return $"a counter or gauge is read from a __u64 or an array of them, this is {Text(member)}";
        }

        int positions = def.Labels.Count > given ? def.Labels[^1].Values.Count : 1;
        if (def.Labels.Count > given + 1)
        {
            yield return "only one label may name the positions of an array";
        }
        else if (positions != member.ArrayLength || (member.ArrayLength > 1 && def.Labels.Count == given))
        {
            yield return def.Labels.Count == given
                ? $"an array of {member.ArrayLength} needs a label whose Values name its positions"
                : $"label {def.Labels[^1].Name} names {positions} positions, the C member has {member.ArrayLength}";
        }
    }

    private static bool HasKernelBounds(HistogramDef def) =>
        def.Buckets.Count == Buckets.KernelSlots - 1
        && def.Buckets.Select((bound, slot) => bound / (Math.ScaleB(1, Buckets.KernelFirstShift + slot) * def.Scale))
            .All(ratio => Math.Abs(ratio - 1) < 1e-9);

    private static string Text(BtfMember member) =>
        member.ArrayLength == 1 ? $"{member.TypeName} ({member.Size} bytes)" : $"{member.TypeName}[{member.ArrayLength}] ({member.Size} bytes)";
}
