using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Tests.Metrics;

/// <summary>An entry of a per-CPU table as the kernel hands it over, and the struct it has; two CPUs.</summary>
internal sealed class KernelEntry
{
    private const int Words = 1 + 3 + 1 + (Buckets.KernelSlots * 2);
    private const int Stride = Words * sizeof(ulong);
    private readonly ulong[] _cpus = new ulong[Words * 2];

    /// <summary>struct lab_counters { __u64 accepted; __u64 connected[3]; __s64 open; struct pmoas_histogram queue; }</summary>
    internal static BtfStruct Struct { get; } = new("lab_counters", Stride,
    [
        new BtfMember("accepted", 0, 8, "__u64", 1),
        new BtfMember("connected", 8, 24, "unsigned long long", 3),
        new BtfMember("open", 32, 8, "__s64", 1),
        new BtfMember("queue", 40, Buckets.KernelSlots * 16, "pmoas_histogram", 1),
    ]);

    internal static CounterDef Accepted { get; } = new("pmoas_lab_accepted_total", "Accepts.", Label.Container) { Field = "accepted" };

    internal static CounterDef Connected { get; } =
        new("pmoas_lab_connected_total", "Connects.", [.. Label.Container, new Label("result", "How.", "ok", "refused", "other")]) { Field = "connected" };

    internal static GaugeDef Open { get; } = new("pmoas_lab_open", "Open.", Label.Container) { Field = "open" };

    internal static HistogramDef Queue { get; } = new("pmoas_lab_queue_seconds", "Queue.", Label.Container) { Field = "queue", Scale = 1e-9 };

    internal static IReadOnlyList<MetricDef> Defs { get; } = [Accepted, Connected, Open, Queue];

    internal void Accept(int cpu, ulong count) => _cpus[(cpu * Words) + 0] += count;

    internal void Connect(int cpu, int result, ulong count) => _cpus[(cpu * Words) + 1 + result] += count;

    internal void OpenBy(int cpu, long change) => _cpus[(cpu * Words) + 4] += (ulong)change;

    /// <summary>As <c>pmoas_histogram_observe</c> does.</summary>
    internal void Wait(int cpu, ulong nanoseconds)
    {
        int slot = nanoseconds <= 1024 ? 0 : Math.Min(Buckets.KernelSlots - 1, (int)ulong.Log2(nanoseconds - 1) - 9);
        Slot(cpu, slot, 1, nanoseconds);
    }

    /// <summary>Adds to a slot's count and sum, apart from each other.</summary>
    internal void Slot(int cpu, int slot, ulong count, ulong sum)
    {
        _cpus[(cpu * Words) + 5 + (slot * 2)] += count;
        _cpus[(cpu * Words) + 6 + (slot * 2)] += sum;
    }

    internal void MakeAnew() => Array.Clear(_cpus);

    internal void ReadBy(MapEntry read, uint id) => read(MemoryMarshal.AsBytes([id]), MemoryMarshal.AsBytes<ulong>(_cpus), Stride);

    internal delegate void MapEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride);
}
