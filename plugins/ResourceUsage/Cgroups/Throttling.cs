using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>How often and how long one cgroup was kept from running by its CPU limit. Those of a container add to the same series.</summary>
internal sealed class Throttling(bool isV2, OwnedSeries series, UsageInstruments to)
{
    private const double Nanoseconds = 1e-9;
    private const double Microseconds = 1e-6;

    private static readonly byte[][] s_v1 = ["nr_periods"u8.ToArray(), "nr_throttled"u8.ToArray(), "throttled_time"u8.ToArray()];
    private static readonly byte[][] s_v2 = ["nr_periods"u8.ToArray(), "nr_throttled"u8.ToArray(), "throttled_usec"u8.ToArray()];

    private readonly ulong[] _now = new ulong[s_v1.Length];
    private OwnedCounter? _seconds, _periods, _throttledPeriods;

    /// <summary>Takes what a <c>cpu.stat</c> says; one that was never limited has no periods, and no series.</summary>
    internal void Follow(ReadOnlySpan<byte> text)
    {
        if (CgroupText.Numbers(text, isV2 ? s_v2 : s_v1, _now) != 0b111 || (_now[0] == 0 && _periods is null))
        {
            return;
        }

        (_periods ??= series.Counter(to.CpuPeriods)).Follow(_now[0]);
        (_throttledPeriods ??= series.Counter(to.CpuThrottledPeriods)).Follow(_now[1]);
        (_seconds ??= series.Counter(to.CpuThrottled)).Follow(_now[2] * (isV2 ? Microseconds : Nanoseconds));
    }

    /// <summary>Makes the series appear, with 0: there is a limit, and it was not used up yet.</summary>
    internal void Begin()
    {
        _periods ??= series.Counter(to.CpuPeriods);
        _throttledPeriods ??= series.Counter(to.CpuThrottledPeriods);
        _seconds ??= series.Counter(to.CpuThrottled);
    }
}
