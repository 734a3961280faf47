using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage;

/// <summary>The instruments of all metrics, asked for once.</summary>
internal sealed class UsageInstruments(ProbeContext context)
{
    internal Counter CpuSeconds { get; } = context.Counter(ResourceUsageMetrics.CpuSeconds);

    internal Gauge CpuLimit { get; } = context.Gauge(ResourceUsageMetrics.CpuLimit);

    internal Gauge CpuRequest { get; } = context.Gauge(ResourceUsageMetrics.CpuRequest);

    internal Counter CpuThrottled { get; } = context.Counter(ResourceUsageMetrics.CpuThrottled);

    internal Counter CpuPeriods { get; } = context.Counter(ResourceUsageMetrics.CpuPeriods);

    internal Counter CpuThrottledPeriods { get; } = context.Counter(ResourceUsageMetrics.CpuThrottledPeriods);

    internal Counter Pressure { get; } = context.Counter(ResourceUsageMetrics.Pressure);

    internal Gauge MemoryWorkingSet { get; } = context.Gauge(ResourceUsageMetrics.MemoryWorkingSet);

    internal Gauge MemoryRss { get; } = context.Gauge(ResourceUsageMetrics.MemoryRss);

    internal Gauge MemoryCache { get; } = context.Gauge(ResourceUsageMetrics.MemoryCache);

    internal Gauge MemorySwap { get; } = context.Gauge(ResourceUsageMetrics.MemorySwap);

    internal Gauge MemoryLimit { get; } = context.Gauge(ResourceUsageMetrics.MemoryLimit);

    internal Counter PageFaults { get; } = context.Counter(ResourceUsageMetrics.PageFaults);

    internal Counter BlockIoBytes { get; } = context.Counter(ResourceUsageMetrics.BlockIoBytes);

    internal Counter BlockIoOperations { get; } = context.Counter(ResourceUsageMetrics.BlockIoOperations);

    internal Gauge Processes { get; } = context.Gauge(ResourceUsageMetrics.Processes);

    internal Gauge Threads { get; } = context.Gauge(ResourceUsageMetrics.Threads);

    internal Gauge OpenFiles { get; } = context.Gauge(ResourceUsageMetrics.OpenFiles);

    internal Gauge InspectedProcesses { get; } = context.Gauge(ResourceUsageMetrics.InspectedProcesses);

    internal Counter InterfaceBytes { get; } = context.Counter(ResourceUsageMetrics.InterfaceBytes);

    internal Counter InterfacePackets { get; } = context.Counter(ResourceUsageMetrics.InterfacePackets);

    internal Counter InterfaceErrors { get; } = context.Counter(ResourceUsageMetrics.InterfaceErrors);

    internal Counter InterfaceDrops { get; } = context.Counter(ResourceUsageMetrics.InterfaceDrops);

    internal Gauge Sockets { get; } = context.Gauge(ResourceUsageMetrics.Sockets);

    internal Gauge SidecarCpu { get; } = context.Gauge(ResourceUsageMetrics.SidecarCpu);

    internal Gauge SidecarMemory { get; } = context.Gauge(ResourceUsageMetrics.SidecarMemory);

    internal Gauge KeptFiles { get; } = context.Gauge(ResourceUsageMetrics.KeptFiles);

    internal Counter ReopenedFiles { get; } = context.Counter(ResourceUsageMetrics.ReopenedFiles);
}
