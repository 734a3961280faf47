using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.ResourceUsage;

/// <summary>The kernel half of the plugin: hooks, what of them is switched on, and what is exported.</summary>
internal static class KernelUsage
{
    private const string WalkFiles = "walk_files";
    private const string WalkNamespace = "walk_namespace";
    private const string WalkHeld = "walk_held";

    private static readonly string[] Scheduling = ["switched"];
    private static readonly string[] Block = ["request_made", "request_completed"];
    private static readonly string[] Connections = ["state_changed", "state_changed_nested"];
    private static readonly string[] Datagrams = ["udp_sent", "udpv6_sent", "udp_received", "udpv6_received"];
    private static readonly string[] Messages = ["message_received", "message_sent"];

    /// <summary>None is required: what the kernel's files say is measured without them.</summary>
    public static readonly IReadOnlyList<Hook> Hooks =
    [
        new Hook("context switches", string.Join('+', Scheduling))
        {
            Required = false,
            WithoutIt = "pmoas_resource_usage_run_queue_delay_seconds and pmoas_resource_usage_context_switches_total stay empty.",
        },
        new Hook("OOM kills", "victim_marked")
        {
            Required = false,
            WithoutIt = "pmoas_resource_usage_oom_kills_total stays 0: this kernel tells the OOM killer's victim by a number only.",
        },
        new Hook("block requests", string.Join('+', Block))
        {
            Required = false,
            WithoutIt = "pmoas_resource_usage_block_requests_total, _block_read_seconds and _block_write_seconds stay empty.",
        },

        // In this order: the second program does what the kernel kept from the first.
        new Hook("connection ends", string.Join('+', Connections))
        {
            Required = false,
            WithoutIt = "pmoas_resource_usage_network_*_total misses what a connection carried after the last scrape before its end.",
        },
        new Hook("open sockets", WalkFiles, $"{WalkNamespace}+{WalkHeld}")
        {
            Required = false,
            WithoutIt = "pmoas_resource_usage_open_sockets stays 0 and pmoas_resource_usage_network_*_total counts no TCP.",
        },
        new Hook("datagrams", string.Join('+', Datagrams), string.Join('+', Messages))
        {
            Required = false,
            WithoutIt = "UDP is missing from pmoas_resource_usage_network_*_total. Where fexit is refused, datagrams_by_message = true counts it, at a price.",
        },
    ];

    /// <summary>Sets sizes and switches off what is not wanted; before load.</summary>
    public static void Configure(BpfObject bpf, ResourceUsageOptions options)
    {
        bpf.Map("totals").MaxEntries = options.MaxContainers;
        bpf.Map("sockets").MaxEntries = options.MaxContainers;
        bpf.Map("threads").MaxEntries = options.MaxThreads;
        bpf.SwitchOff(
        [
            .. options.Scheduling ? [] : Scheduling,
            .. options.BlockLatency ? [] : Block,
            .. options.Network ? [] : (string[])[.. Connections, WalkFiles, WalkNamespace, WalkHeld],
            .. options.Network && options.Datagrams ? [] : Datagrams,
            .. options.Network && options.Datagrams && options.DatagramsByMessage ? [] : Messages,
        ]);
    }

    /// <summary>Begins to export, with every hook attached.</summary>
    public static void Start(ProbeContext context)
    {
        if (Walk(context) is { } walk)
        {
            // The first walk notes what connections older than us have carried; those before the scrapes count.
            walk();
            context.OnCollect(walk);
        }

        context.Export("totals");
        context.Export("sockets");
        context.ExportNode("losses");
    }

    /// <summary>What walks once over all sockets; null where none can.</summary>
    private static Action? Walk(ProbeContext context)
    {
        BpfObject bpf = context.Bpf;
        Action[] parts =
        [
            .. bpf.Program(WalkFiles).Autoload ? [Files(WalkFiles)] : (Action[])[],
            .. bpf.Program(WalkHeld).Autoload ? [SocketWalk.OverNamespaces(context, WalkNamespace).Run, Files(WalkHeld)] : (Action[])[],
        ];
        if (parts.Length == 0)
        {
            return null;
        }
        ulong walks = 0;
        return () =>
        {
            bpf.SetGlobal("walks", ++walks);
            bpf.SetGlobal("walking", true);
            foreach (Action part in parts)
            {
                part();
            }
            bpf.SetGlobal("walking", false);
        };

        Action Files(string program)
        {
            BpfIterator files = bpf.Program(program).AttachIterator();
            context.Stopping.Register(files.Dispose);
            return files.Run;
        }
    }
}
