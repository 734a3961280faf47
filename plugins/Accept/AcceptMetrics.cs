using Pmoas.Sdk.Metrics;

namespace Pmoas.Accept;

/// <summary>The metrics, each a member of <c>struct accept_totals</c> or <c>accept_losses</c> (bpf/accept/accept.h).</summary>
internal static class AcceptMetrics
{
    private const double Nanoseconds = 1e-9;

    /// <summary>The order is that of <c>enum connect_result</c>.</summary>
    public static readonly IReadOnlyList<string> ConnectResults = ["ok", "refused", "timeout", "unreachable", "reset", "other"];

    private static readonly IReadOnlyList<Label> ByContainer = Label.Container;

    private static readonly IReadOnlyList<Label> ByResult = [.. Label.Container, new("result", "How the connect ended.", ConnectResults)];

    private static readonly IReadOnlyList<Label> ByReason =
    [
        .. Label.Container,
        new("reason", "no_request: nothing the sidecar had read led to the connect (health check, retry, pool). ambiguous: several requests could have. "
            + "no_service: the other end is no service of the pod. table_full: more open inside connections than are remembered.",
            "no_request", "ambiguous", "no_service", "table_full"),
    ];

    public static readonly CounterDef Accepted = new("pmoas_accept_accepted_total",
        "TCP connections that accept() returned.", ByContainer)
    { Field = "accepted" };

    public static readonly CounterDef Connected = new("pmoas_accept_connected_total",
        "TCP connects that ended, by result.", ByResult)
    { Field = "connected" };

    public static readonly CounterDef Closed = new("pmoas_accept_closed_total",
        "TCP connections that ended, accepted and connected ones.", ByContainer)
    { Field = "closed" };

    public static readonly GaugeDef Open = new("pmoas_accept_open_connections",
        "TCP connections in state ESTABLISHED or CLOSE_WAIT, those older than the daemon included.", ByContainer)
    { Field = "open" };

    public static readonly HistogramDef Connect = new("pmoas_accept_connect_seconds",
        "Time from connect() to established.", ByContainer)
    { Field = "connect", Scale = Nanoseconds };

    public static readonly HistogramDef Connection = new("pmoas_accept_connection_seconds",
        "Time from established to closed.", ByContainer)
    { Field = "connection", Scale = Nanoseconds };

    public static readonly CounterDef SentBytes = new("pmoas_accept_sent_bytes_total",
        "Payload bytes TCP sent, without retransmitted ones.", ByContainer)
    { Field = "sent_bytes" };

    public static readonly CounterDef ReceivedBytes = new("pmoas_accept_received_bytes_total",
        "Payload bytes TCP received in order.", ByContainer)
    { Field = "received_bytes" };

    public static readonly CounterDef Retransmits = new("pmoas_accept_retransmits_total",
        "TCP segments sent again.", ByContainer)
    { Field = "retransmits" };

    public static readonly HistogramDef Rtt = new("pmoas_accept_rtt_seconds",
        "Smoothed round-trip time of a connection, taken when it closes and, while it carries data, at each scrape.", ByContainer)
    {
        Field = "rtt",
        Scale = Nanoseconds,
    };

    public static readonly HistogramDef Queue = new("pmoas_accept_queue_seconds",
        "Time a connection waited in the accept queue: from established to the return of accept().", ByContainer)
    { Field = "queue", Scale = Nanoseconds };

    public static readonly HistogramDef Forward = new("pmoas_accept_forward_seconds",
        "Time a sidecar took from its accept (for a later request on the same connection: from the request's first read) to its connect to the service for that request.",
        ByContainer)
    { Field = "forward", Scale = Nanoseconds };

    public static readonly HistogramDef Handoff = new("pmoas_accept_handoff_seconds",
        "Time from the sidecar's connect to the return of accept() in the service, counted for the service.", ByContainer)
    { Field = "handoff", Scale = Nanoseconds };

    public static readonly CounterDef ReusedRequests = new("pmoas_accept_reused_requests_total",
        "Requests that a sidecar sent to the service over a connection already open.", ByContainer)
    { Field = "reused_requests" };

    public static readonly CounterDef Unpaired = new("pmoas_accept_unpaired_total",
        "Connects of a sidecar inside the pod that are missing from the forward histogram, by reason.", ByReason)
    { Field = "unpaired" };

    public static readonly CounterDef Lost = new("pmoas_accept_lost_total",
        "What could not be counted for want of room in a kernel table.",
        [
            new Label("table", "totals: a container's numbers. connection: a connection's state. unaccepted: its wait in the accept queue.",
                "totals", "connection", "unaccepted"),
        ])
    { Field = "lost" };

    public static readonly MetricDef[] All =
    [
        Accepted, Connected, Closed, Open, Connect, Connection, SentBytes, ReceivedBytes, Retransmits, Rtt, Queue,
        Forward, Handoff, ReusedRequests, Unpaired, Lost,
    ];
}
