using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Accept;

/// <summary>
/// TCP accepts, connects and closes of each container, and for a sidecar the delay it adds: from its accept to its connect to the service
/// (forward), from there to the service's accept (handoff).
/// </summary>
public sealed class AcceptProbe : IProbe
{
    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "accept",
        Summary = "TCP accepts, connects and closes of each container, and the delay a sidecar adds between them.",
        BpfResource = "accept.bpf.o",
        MinimumKernel = new Version(6, 1),
        Options = typeof(AcceptOptions),
        Metrics = AcceptMetrics.All,
        Hooks =
        [
            // In this order: the second program does what the kernel kept from the first.
            new Hook("connection states", "state_changed+state_changed_nested"),
            new Hook("accept", "accept_fexit", "accept_kretprobe", "accept_syscall+accept4_syscall"),
            new Hook("open connections", "collect", "collect_namespace"),
            new Hook("requests", "message_received+message_sent", "inet_received+inet6_received+inet_sent+inet6_sent")
            {
                Required = false,
                WithoutIt = "pmoas_accept_forward_seconds and pmoas_accept_reused_requests_total stay empty: what a sidecar reads and writes is not seen.",
            },
            new Hook("connects without a route", "connect_syscall")
            {
                Required = false,
                WithoutIt = "connects that fail at once for want of a route are missing from pmoas_accept_connected_total{result=\"unreachable\"}.",
            },
        ],
    };

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        AcceptOptions options = settings.Get<AcceptOptions>();
        bpf.SetGlobal("live", settings.Live);
        bpf.Map("totals").MaxEntries = options.MaxContainers;
        bpf.Map("unaccepted").MaxEntries = options.MaxUnaccepted;
        if (!options.Requests)
        {
            bpf.SwitchOff(bpf.Programs
                .Where(program => program.Section.EndsWith("msg", StringComparison.Ordinal) || program.Section.EndsWith("_length", StringComparison.Ordinal))
                .Select(program => program.Name));
        }
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        // Twice: the first walk learns who listens, so that connections older than us are told apart by their direction.
        SocketWalk collect = SocketWalk.Attach(context, "collect", "collect_namespace");
        collect.Run();
        context.OnCollect(collect.Run);
        context.Export("totals");
        context.ExportNode("losses");
        context.OnLive<AcceptEvent>("events", "socket", AcceptEventText.Write);
    }
}
