using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage;

/// <summary>The metrics read from cgroup files and <c>/proc</c>; each has values only where its file is there.</summary>
internal static class ResourceUsageMetrics
{
    private static readonly Label Direction = new("direction", "read or write.");
    private static readonly IReadOnlyList<Label> ByContainer = Label.Container;
    private static readonly IReadOnlyList<Label> ByDevice =
        [.. Label.Container, new("device", "Name of the block device, such as vda."), Direction];

    private static readonly IReadOnlyList<Label> ByPod = [.. Label.Container.Take(2)];
    private static readonly IReadOnlyList<Label> ByInterface =
        [.. ByPod, new("interface", "Name of the interface in the pod."), new("direction", "receive or transmit.")];

    public static readonly CounterDef CpuSeconds = new("pmoas_resource_usage_cpu_seconds_total",
        "CPU time since the container began.", [.. Label.Container, new("mode", "user or system.")]);

    public static readonly GaugeDef CpuLimit = new("pmoas_resource_usage_cpu_limit_cores",
        "CPU time the container may take at most, in cores; absent when it is not limited.", ByContainer);

    public static readonly GaugeDef CpuRequest = new("pmoas_resource_usage_cpu_request_cores",
        "CPU time the container asked for, as its pod tells, else its shares or weight; absent when these have a default value.", ByContainer);

    public static readonly CounterDef CpuThrottled = new("pmoas_resource_usage_cpu_throttled_seconds_total",
        "Time the container's tasks were kept from running because its CPU limit was used up, summed over CPUs.", ByContainer);

    public static readonly CounterDef CpuPeriods = new("pmoas_resource_usage_cpu_periods_total",
        "Periods of the CPU limit in which the container ran; those of limited cgroups below its own are added.", ByContainer);

    public static readonly CounterDef CpuThrottledPeriods = new("pmoas_resource_usage_cpu_throttled_periods_total",
        "Periods in which the CPU limit was used up.", ByContainer);

    public static readonly CounterDef Pressure = new("pmoas_resource_usage_pressure_seconds_total",
        "Time tasks of the container were stalled for want of a resource.",
        [.. Label.Container, new("resource", "cpu, memory or io."), new("stalled", "some: at least one task. full: all of them at once.")]);

    public static readonly GaugeDef MemoryWorkingSet = new("pmoas_resource_usage_memory_working_set_bytes",
        "Memory in use less file pages not used lately: what the kernel cannot easily take back.", ByContainer);

    public static readonly GaugeDef MemoryRss = new("pmoas_resource_usage_memory_rss_bytes",
        "Anonymous memory.", ByContainer);

    public static readonly GaugeDef MemoryCache = new("pmoas_resource_usage_memory_cache_bytes",
        "Memory that holds pages of files, tmpfs included.", ByContainer);

    public static readonly GaugeDef MemorySwap = new("pmoas_resource_usage_memory_swap_bytes",
        "Memory that was swapped out; absent where the kernel does not account it.", ByContainer);

    public static readonly GaugeDef MemoryLimit = new("pmoas_resource_usage_memory_limit_bytes",
        "Memory the container may use at most; absent when it is not limited.", ByContainer);

    public static readonly CounterDef PageFaults = new("pmoas_resource_usage_page_faults_total",
        "Page faults.", [.. Label.Container, new("kind", "minor: the page was in memory. major: it had to be read.")]);

    public static readonly CounterDef BlockIoBytes = new("pmoas_resource_usage_block_io_bytes_total",
        "Bytes moved to and from block devices.", ByDevice);

    public static readonly CounterDef BlockIoOperations = new("pmoas_resource_usage_block_io_operations_total",
        "Requests to block devices.", ByDevice);

    public static readonly GaugeDef Processes = new("pmoas_resource_usage_processes",
        "Processes of the container.", ByContainer);

    public static readonly GaugeDef Threads = new("pmoas_resource_usage_threads",
        "Threads of all its processes.", ByContainer);

    public static readonly GaugeDef OpenFiles = new("pmoas_resource_usage_open_files",
        "Open file descriptors of the processes that were looked at.", ByContainer);

    public static readonly GaugeDef InspectedProcesses = new("pmoas_resource_usage_inspected_processes",
        "Processes whose open files were counted: less than there are when the bound of a scrape was reached.", ByContainer);

    public static readonly CounterDef InterfaceBytes = new("pmoas_resource_usage_interface_bytes_total",
        "Bytes through an interface of the pod; pods on the machine's own network, or on one they share, have none.", ByInterface);

    public static readonly CounterDef InterfacePackets = new("pmoas_resource_usage_interface_packets_total",
        "Packets through an interface of the pod.", ByInterface);

    public static readonly CounterDef InterfaceErrors = new("pmoas_resource_usage_interface_errors_total",
        "Packets that were damaged or could not be sent.", ByInterface);

    public static readonly CounterDef InterfaceDrops = new("pmoas_resource_usage_interface_drops_total",
        "Packets that were dropped for want of room.", ByInterface);

    public static readonly GaugeDef Sockets = new("pmoas_resource_usage_sockets",
        "Sockets in the pod's network namespace.",
        [.. ByPod, new("protocol", "tcp, udp, or all of any kind."), new("state", "in_use or time_wait.")]);

    public static readonly GaugeDef SidecarCpu = new("pmoas_resource_usage_sidecar_cpu_ratio",
        "CPU time of the pod's sidecars through that of all its containers, since the scrape before; absent when the pod did not run or has no sidecar.", ByPod);

    public static readonly GaugeDef SidecarMemory = new("pmoas_resource_usage_sidecar_memory_ratio",
        "Working set of the pod's sidecars through that of all its containers; absent when it has no sidecar.", ByPod);

    public static readonly GaugeDef KeptFiles = new("pmoas_resource_usage_kept_files",
        "File descriptors that are kept open to read by.", []);

    public static readonly CounterDef ReopenedFiles = new("pmoas_resource_usage_reopened_files_total",
        "Reads that had to open their file first, because the bound of kept descriptors was reached.", []);

    public static readonly MetricDef[] All =
    [
        CpuSeconds, CpuLimit, CpuRequest, CpuThrottled, CpuPeriods, CpuThrottledPeriods, Pressure,
        MemoryWorkingSet, MemoryRss, MemoryCache, MemorySwap, MemoryLimit, PageFaults,
        BlockIoBytes, BlockIoOperations, Processes, Threads, OpenFiles, InspectedProcesses,
        InterfaceBytes, InterfacePackets, InterfaceErrors, InterfaceDrops, Sockets,
        SidecarCpu, SidecarMemory, KeptFiles, ReopenedFiles,
    ];
}
