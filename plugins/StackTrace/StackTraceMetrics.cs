using Pmoas.Sdk.Metrics;

namespace Pmoas.StackTrace;

/// <summary>The metrics. Those of pods are set by <see cref="PodBooks"/>; the others are members of C structs (bpf/stack_trace/stack_trace.h).</summary>
internal static class StackTraceMetrics
{
    private const double Nanoseconds = 1e-9;

    /// <summary>The order is that of <c>enum leg</c>.</summary>
    public static readonly IReadOnlyList<string> Legs = ["inside", "outside"];

    /// <summary>The order is that of <c>enum direction</c>.</summary>
    public static readonly IReadOnlyList<string> Directions = ["request", "response", "sent", "received"];

    /// <summary>The order is that of <c>enum phase</c>.</summary>
    public static readonly IReadOnlyList<string> Phases = ["handshake", "data", "close"];

    private static readonly Label Leg = new("leg", "inside: over the pod's loopback device, as between sidecar and service. outside: over another of its devices.");

    private static readonly IReadOnlyList<Label> ByLeg = [.. Label.Container.Take(2), Leg];

    private static readonly IReadOnlyList<Label> ByDirection =
    [
        .. ByLeg,
        new("direction", "request: from the end that connected. response: to it. sent, received: a datagram, from a socket of the pod, or from elsewhere."),
    ];

    private static readonly IReadOnlyList<Label> ByPhase = [.. ByDirection, new("phase", "handshake and close: from one state of TCP to another. data: what a followed byte passes.")];

    public static readonly HistogramDef Interval = new("pmoas_stack_trace_interval_seconds",
        "Time a followed byte took from one stage to another, or an end of a connection from one state to another; those of neighbours add up to the journey.",
        [
            .. ByPhase,
            new("from", "Stage, or state, where the interval begins: the kernel's name of it."),
            new("to", "Where it ends."),
        ])
    { Scale = Nanoseconds };

    public static readonly HistogramDef Journey = new("pmoas_stack_trace_journey_seconds",
        "Time a followed byte took from the first stage to the last; close: an end of a connection from its first FIN to closed.", ByPhase)
    { Scale = Nanoseconds };

    public static readonly HistogramDef ReceiveQueueWait = new("pmoas_stack_trace_receive_queue_wait_seconds",
        "Time from the moment a socket had something to read until the application read it.", Label.Container)
    { Field = "receive_queue_wait", Scale = Nanoseconds };

    private static readonly IReadOnlyList<Label> ByFamily =
    [
        .. Label.Container.Take(2),
        new("family", "ip, ip6, and so on: nft's names of protocol families."),
    ];

    private static readonly IReadOnlyList<Label> ByHook =
    [
        .. ByFamily,
        new("hook", "prerouting, input, forward, output, postrouting."),
    ];

    public static readonly HistogramDef NetfilterHook = new("pmoas_stack_trace_netfilter_seconds",
        "Time a packet took in one hook of netfilter in the pod's network namespace, with all that is registered there.", ByHook)
    { Scale = Nanoseconds };

    public static readonly HistogramDef NetfilterChain = new("pmoas_stack_trace_netfilter_chain_seconds",
        "Time a packet took in one table of iptables at a hook, or in one base chain of nftables with all it jumps to; part of the hook's time.",
        [.. ByHook, new("table", "Name of the table."), new("chain", "Name of the base chain; empty for iptables, whose hook says it.")])
    { Scale = Nanoseconds };

    public static readonly HistogramDef Route = new("pmoas_stack_trace_route_lookup_seconds",
        "Time of one look-up in a routing table of the pod; of IPv4 those that found a route.",
        [.. ByFamily, new("table", "local, main, default, or the table's number.")])
    { Scale = Nanoseconds };

    public static readonly CounterDef Unfinished = new("pmoas_stack_trace_unfinished_total",
        "Followed bytes whose journey did not end, by the last stage they were seen at: they were sent again, or their connection ended. Datagrams that were dropped or went into another packet buffer.",
        [.. ByDirection, new("stage", "Stage where it was seen last.")]);

    public static readonly CounterDef Unfollowed = new("pmoas_stack_trace_unfollowed_packets_total",
        "Packets with payload that had no followed byte, because one was under way already, or had one that had arrived before. Fragments of a datagram but the last.", ByDirection);

    public static readonly CounterDef Retransmits = new("pmoas_stack_trace_retransmits_total",
        "Packets that watched sockets sent again.", ByDirection);

    public static readonly CounterDef Dropped = new("pmoas_stack_trace_dropped_packets_total",
        "Packets thrown away in the pod's network namespace, of any protocol.",
        [.. ByLeg, new("reason", "The kernel's reason, as enum skb_drop_reason has it.")]);

    public static readonly CounterDef Lost = new("pmoas_stack_trace_lost_total",
        "What could not be followed or counted.",
        [
            new Label("table", "totals: a container's numbers. intervals: an interval's histogram. counts: a count. streams: a direction of a connection. "
                + "ends: a socket's state. disorder: a journey whose times went backwards. datagrams: a datagram. netfilter: a packet's time in netfilter. "
                + "routes: a route's look-up.",
                "totals", "intervals", "counts", "streams", "ends", "disorder", "datagrams", "netfilter", "routes"),
        ])
    { Field = "lost" };

    public static readonly MetricDef[] All = [Interval, Journey, ReceiveQueueWait, NetfilterHook, NetfilterChain, Route, Unfinished, Unfollowed, Retransmits, Dropped, Lost];
}
