namespace Pmoas.Sdk.Metrics;

/// <summary>Bucket bounds.</summary>
public static class Buckets
{
    /// <summary>Slots of <c>struct pmoas_histogram</c> (bpf/include/pmoas/histogram.h): <c>PMOAS_HISTOGRAM_SLOTS</c>.</summary>
    public const int KernelSlots = 28;

    /// <summary>log2 of the first slot's upper bound: <c>PMOAS_HISTOGRAM_FIRST_SHIFT</c>.</summary>
    public const int KernelFirstShift = 10;

    /// <summary>
    /// 2^10 ns (1.024 µs), 2^11 ns, … 2^36 ns (68.7 s), in seconds: the upper bounds of the kernel's slots 0 to 26; slot 27 is everything above.
    /// A kernel slot holds values above the bound below and up to its own bound, as a Prometheus bucket does.
    /// </summary>
    public static IReadOnlyList<double> Log2Nanoseconds { get; } =
        [.. Enumerable.Range(KernelFirstShift, KernelSlots - 1).Select(shift => (1L << shift) / 1e9)];

    /// <summary>The same slots for values that are bytes: 2^10 (1 KiB), 2^11, … 2^36 (64 GiB).</summary>
    public static IReadOnlyList<double> Log2Bytes { get; } =
        [.. Enumerable.Range(KernelFirstShift, KernelSlots - 1).Select(shift => (double)(1L << shift))];
}
