using Pmoas.Sdk.Metrics;

namespace Pmoas.SockMap;

/// <summary>The metrics; most are a member of <c>struct sock_map_totals</c> or <c>sock_map_losses</c> (bpf/sock_map/sock_map.h).</summary>
internal static class SockMapMetrics
{
    private const double Nanoseconds = 1e-9;

    private static readonly IReadOnlyList<Label> ByContainer = Label.Container;

    private static readonly IReadOnlyList<Label> ByRefusal =
    [
        .. Label.Container,
        new("reason", "roles: not between a sidecar and a service. scope: not chosen in pmoas.toml. mptcp, ulp: a socket of Multipath TCP, or with an upper layer "
            + "protocol such as kTLS. owner: another program has the socket. full: no room. mismatch: the two ends are not one connection. rolled_back: it was worse. "
            + "opted_out: the service streams small messages. splice, blocking: a container reads by splice(2), or blocking, "
            + "which the self-test found broken. trial: one of a service's first connections, which show that.",
            "roles", "scope", "mptcp", "ulp", "owner", "full", "mismatch", "rolled_back", "opted_out", "splice", "blocking", "trial", "other"),
    ];

    private static readonly IReadOnlyList<Label> ByPassing =
    [
        .. Label.Container,
        new("reason", "unpaired: the other end was not there. draining: what TCP had brought was not read yet. bound: as much was unread as may be. "
            + "memory: the reader's container was short of memory. ulp: kTLS.",
            "unpaired", "draining", "bound", "memory", "ulp"),
    ];

    private static readonly IReadOnlyList<Label> ByGroup =
        [.. Label.Container, new("group", "accelerated; control: left on TCP to compare with.", "accelerated", "control")];

    public static readonly CounterDef Enrolled = new("pmoas_sock_map_enrolled_pairs_total",
        "Connections both ends of which were enrolled, at the container that connected.", ByContainer)
    { Field = "enrolled" };

    public static readonly CounterDef Control = new("pmoas_sock_map_control_pairs_total",
        "Connections that could have been enrolled and stay on TCP, to compare with.", ByContainer)
    { Field = "control" };

    public static readonly CounterDef Refused = new("pmoas_sock_map_refused_pairs_total",
        "Connections with both ends here that were not enrolled.", ByRefusal)
    { Field = "refused" };

    public static readonly GaugeDef Open = new("pmoas_sock_map_open_pairs",
        "Enrolled and control connections that are open.", ByContainer)
    { Field = "open" };

    public static readonly CounterDef RedirectedBytes = new("pmoas_sock_map_redirected_bytes_total",
        "Bytes the container sent past the network stack.", ByContainer)
    { Field = "sent_bytes" };

    public static readonly CounterDef RedirectedMessages = new("pmoas_sock_map_redirected_messages_total",
        "Messages the container sent past the network stack.", ByContainer)
    { Field = "sent_messages" };

    public static readonly CounterDef PassedMessages = new("pmoas_sock_map_passed_messages_total",
        "Messages of enrolled connections that went by TCP.", ByPassing)
    { Field = "passed" };

    public static readonly CounterDef PassedBytes = new("pmoas_sock_map_passed_bytes_total",
        "Bytes of enrolled connections that went by TCP.", ByContainer)
    { Field = "passed_bytes" };

    public static readonly HistogramDef InFlight = new("pmoas_sock_map_in_flight_bytes",
        "Redirected bytes of one direction that were not read yet, looked at once a MiB.", ByContainer)
    { Field = "in_flight", Buckets = Buckets.Log2Bytes };

    public static readonly CounterDef Failed = new("pmoas_sock_map_failed_connections_total",
        "Ends of enrolled and control connections that closed with an error.", ByGroup)
    { Field = "failed" };

    public static readonly HistogramDef AcceleratedTurn = new("pmoas_sock_map_accelerated_turn_seconds",
        "Time from the first send of the container that connected to the first receive after it, on redirected connections.", ByContainer)
    { Field = "accelerated_turn", Scale = Nanoseconds };

    public static readonly HistogramDef ControlTurn = new("pmoas_sock_map_control_turn_seconds",
        "The same on connections left on TCP.", ByContainer)
    { Field = "control_turn", Scale = Nanoseconds };

    public static readonly GaugeDef GainRatio = new("pmoas_sock_map_gain_ratio",
        "Mean turn of redirected connections through that of the control group, over the last comparison; below 1 is a gain.", ByContainer);

    public static readonly GaugeDef RolledBack = new("pmoas_sock_map_rolled_back",
        "1 when the container is left alone because acceleration made it worse.",
        [.. Label.Container, new("reason", "latency or errors.", "latency", "errors")]);

    public static readonly CounterDef OptedOut = new("pmoas_sock_map_opted_out_services_total",
        "Services left alone because they stream messages of 1 KiB or less.", [])
    { Field = "opted_out" };

    public static readonly CounterDef Lost = new("pmoas_sock_map_lost_total",
        "What was not counted or not enrolled for want of room.",
        [new("what", "totals: of a container. handshake: of a connection.", "totals", "handshake")])
    { Field = "lost" };

    public static readonly GaugeDef Enabled = new("pmoas_sock_map_enabled",
        "1 while new connections are enrolled.", []);

    public static readonly GaugeDef Tested = new("pmoas_sock_map_self_test",
        "1 when a redirected socket behaves as TCP does, 0 when it does not; absent when it was not tried.",
        [new("property", "What was tried.", SelfTest.Properties.Names)]);

    public static readonly IReadOnlyList<MetricDef> All =
    [
        Enabled, Tested, Enrolled, Control, Refused, Open, RedirectedBytes, RedirectedMessages, PassedMessages, PassedBytes, InFlight, Failed,
        AcceleratedTurn, ControlTurn, GainRatio, RolledBack, OptedOut, Lost,
    ];
}
