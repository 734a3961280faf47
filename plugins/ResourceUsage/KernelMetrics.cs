using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage;

/// <summary>
/// What kernel programs measure, each a member of <c>struct resource_usage_totals</c>, <c>resource_usage_sockets</c> or
/// <c>resource_usage_losses</c> (bpf/resource_usage/resource_usage.h).
/// </summary>
internal static class KernelMetrics
{
    private const double Nanoseconds = 1e-9;

    private static readonly IReadOnlyList<Label> ByContainer = Label.Container;

    private static readonly IReadOnlyList<Label> ByKind =
    [
        .. Label.Container,
        new("kind", "voluntary: the thread waited for something or ended. involuntary: it was made to leave the CPU.", "voluntary", "involuntary"),
    ];

    private static readonly IReadOnlyList<Label> ByLeg =
    [
        .. Label.Container,
        new("leg", "inside: the other end is in the same network namespace, as between sidecar and service. outside: it is elsewhere. "
            + "unknown: datagrams of a socket that is not connected.",
            "inside", "outside", "unknown"),
    ];

    private static readonly IReadOnlyList<Label> ByState =
    [
        .. Label.Container,
        new("state", "State of a TCP socket; udp: a UDP socket.",
            "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "close", "close_wait", "last_ack", "listen", "closing", "udp"),
    ];

    public static readonly HistogramDef RunQueueDelay = new("pmoas_resource_usage_run_queue_delay_seconds",
        "Time a thread that could run waited for a CPU, for each time it got one; counted when it leaves the CPU again.", ByContainer)
    { Field = "run_queue_delay", Scale = Nanoseconds };

    public static readonly CounterDef ContextSwitches = new("pmoas_resource_usage_context_switches_total",
        "Times a thread left a CPU.", ByKind)
    { Field = "context_switches" };

    public static readonly CounterDef OomKills = new("pmoas_resource_usage_oom_kills_total",
        "Processes of the container that the kernel chose to kill for want of memory.", ByContainer)
    { Field = "oom_kills" };

    public static readonly CounterDef BlockRequests = new("pmoas_resource_usage_block_requests_total",
        "Requests made of block devices; one made of several is counted once. What goes to a loop device is counted at the device below it.",
        [.. Label.Container, new("direction", "read or write.", "read", "write")])
    { Field = "block_requests" };

    public static readonly HistogramDef BlockRead = new("pmoas_resource_usage_block_read_seconds",
        "Time of a block device's read request from its making to its end, where the kernel told its end: see block_requests_total.", ByContainer)
    { Field = "block_read", Scale = Nanoseconds };

    public static readonly HistogramDef BlockWrite = new("pmoas_resource_usage_block_write_seconds",
        "Time of a block device's write request from its making to its end, where the kernel told its end: see block_requests_total. "
            + "Writeback belongs to its container on cgroup v2, to nobody on v1.",
        ByContainer)
    { Field = "block_write", Scale = Nanoseconds };

    public static readonly CounterDef ReceivedBytes = new("pmoas_resource_usage_network_received_bytes_total",
        "Payload bytes the container's TCP and UDP sockets received.", ByLeg)
    { Field = "received_bytes" };

    public static readonly CounterDef SentBytes = new("pmoas_resource_usage_network_sent_bytes_total",
        "Payload bytes the container's TCP and UDP sockets sent, without retransmitted ones.", ByLeg)
    { Field = "sent_bytes" };

    public static readonly CounterDef ReceivedPackets = new("pmoas_resource_usage_network_received_packets_total",
        "TCP segments and UDP messages the container's sockets received; one that was merged on its way counts as TCP counts it.", ByLeg)
    { Field = "received_packets" };

    public static readonly CounterDef SentPackets = new("pmoas_resource_usage_network_sent_packets_total",
        "TCP segments and UDP messages the container's sockets sent.", ByLeg)
    { Field = "sent_packets" };

    public static readonly GaugeDef Sockets = new("pmoas_resource_usage_open_sockets",
        "TCP and UDP sockets that the container's processes hold open.", ByState)
    { Field = "states" };

    public static readonly CounterDef Lost = new("pmoas_resource_usage_lost_total",
        "What could not be counted for want of room in a kernel table.",
        [
            new Label("table", "totals: a container's numbers. thread: a thread's counts so far. socket: a socket's. io_group: a block I/O group's container.",
                "totals", "thread", "socket", "io_group"),
        ])
    { Field = "lost" };

    public static readonly CounterDef BlockUnattributed = new("pmoas_resource_usage_block_unattributed_total",
        "Block read and write requests that are in no container's histogram and may have been made for one.",
        [
            new Label("reason", "root: charged to the root group (writeback on cgroup v1, the file system's journal, processes outside all groups). "
                + "shared: several containers share one block I/O group. untimed: the device keeps no times (queue/iostats is 0).",
                "root", "shared", "untimed"),
        ])
    { Field = "unattributed" };

    public static readonly MetricDef[] All =
    [
        RunQueueDelay, ContextSwitches, OomKills, BlockRequests, BlockRead, BlockWrite, ReceivedBytes, SentBytes, ReceivedPackets, SentPackets, Sockets,
        Lost, BlockUnattributed,
    ];
}
