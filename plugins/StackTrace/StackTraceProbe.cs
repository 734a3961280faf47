using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;

namespace Pmoas.StackTrace;

/// <summary>Where the time goes between two applications: what they write is followed through the network stack of the pod, stage by stage.</summary>
public sealed class StackTraceProbe : IProbe
{
    /// <summary>Two legs, two directions, three phases; two legs and two directions of datagrams.</summary>
    private const uint JourneysOfPod = 16;

    /// <summary>Two legs, two directions.</summary>
    private const uint KindsOfPod = 4;

    /// <summary>Two families, each with main, local and a few more.</summary>
    private const uint TablesOfPod = 8;

    private const ulong Second = 1_000_000_000;

    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "stack_trace",
        Summary = "Where the time goes in a pod's network stack: from stage to stage, in both legs and directions.",
        BpfResource = "stack_trace.bpf.o",
        MinimumKernel = new Version(6, 1),
        Options = typeof(StackTraceOptions),
        Metrics = StackTraceMetrics.All,
        Hooks = [.. Connections, .. StagePath.Of(Stages.Default).Hooks, .. Packets, .. Netfilter, .. Routes],
    };

    // In this order: of two programs for one hook the second does what the kernel kept from the first.
    private static IReadOnlyList<Hook> Connections { get; } =
    [
        new("connection states", "state_changed+state_changed_nested"),
        new("open connections", "collect", "collect_namespace"),
    ];

    private static IReadOnlyList<Hook> Packets { get; } =
    [
        new("retransmits", "tcp_retransmit_skb") { Required = false, WithoutIt = "pmoas_stack_trace_retransmits_total stays empty." },
        new("drops", "kfree_skb") { Required = false, WithoutIt = "pmoas_stack_trace_dropped_packets_total stays empty." },
    ];

    // Not called by their functions' names, here and below: a user may name one of those as a stage.
    private static IReadOnlyList<Hook> Netfilter { get; } =
    [
        new("netfilter hooks", "nf_hook_slow_entered+nf_hook_slow_left") { Required = false, WithoutIt = "pmoas_stack_trace_netfilter_seconds stays empty." },
        .. from what in ((string Rules, string Function)[])[("iptables", "ipt_do_table"), ("ip6tables", "ip6t_do_table"), ("nftables", "nft_do_chain")]
           select new Hook(what.Rules, $"{what.Function}_entered+{what.Function}_left")
           {
               Required = false,
               WithoutIt = "pmoas_stack_trace_netfilter_chain_seconds has nothing of it; where its module was loaded after the daemon had started, restart the daemon.",
           },
    ];

    private static IReadOnlyList<Hook> Routes { get; } =
    [
        .. from what in ((string Routes, string Function)[])[("IPv4 routes", "fib_table_lookup"), ("IPv6 routes", "fib6_table_lookup")]
           select new Hook(what.Routes, $"{what.Function}_entered+{what.Function}_left") { Required = false, WithoutIt = "pmoas_stack_trace_route_lookup_seconds has nothing of them." },
    ];

    private StagePath _path = StagePath.Of(Stages.Default);
    private string? _stackAt;

    /// <inheritdoc/>
    public IReadOnlyList<Hook> HooksFor(ProbeSettings settings) =>
        [.. Connections, .. StagePath.Of(settings.Get<StackTraceOptions>().Stages).Hooks, .. Packets, .. Netfilter, .. Routes];

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        StackTraceOptions options = settings.Get<StackTraceOptions>();
        _path = StagePath.Of(options.Stages);
        _path.Configure(bpf);
        bpf.SetGlobal("live", settings.Live);
        bpf.SetGlobal("traced", settings.Traced);
        Narrow(bpf, settings.Conditions);
        bool isStitched = IsStitched(settings, options);
        bpf.SetGlobal("stitch", isStitched);
        if (!isStitched)
        {
            bpf.Map("pending").MaxEntries = 1;
        }

        _stackAt = settings.Conditions.StackAt;
        bpf.SetGlobal("want_stack", _stackAt is null ? Stages.None : NumberOf(_stackAt));
        if (_stackAt is null)
        {
            bpf.Map("stacks").MaxEntries = 1;
        }

        bpf.SetGlobal("translation", options.Stages.Contains("tcp_probe"));
        bpf.SetGlobal("sample_every_ns", settings.Live ? Second / options.ShownPerSecond : KindsOfPod * Second / options.TracedPerSecond);
        bpf.SetGlobal("pairs", StagePairs.Of(options.Intervals, _path));
        bpf.SetGlobal("pair_count", (uint)options.Intervals.Count);
        bpf.SetGlobal("max_streams", options.MaxStreams);
        foreach (string map in (string[])["streams", "free_streams", "places"])
        {
            bpf.Map(map).MaxEntries = options.MaxStreams;
        }

        if (_path.HasNodeStages)
        {
            bpf.Map("places").MaxEntries = 3 * options.MaxStreams; // both directions of what leaves the pod have a key in the node too
        }

        // Until it is known how they are attached, the sender's functions may be kprobes.
        bool mayProbeSenders = _path.ProbesOfSender.Any();
        bpf.SetGlobal("probed_senders", mayProbeSenders);
        bpf.Map("senders").MaxEntries = mayProbeSenders ? options.MaxStreams : 1;
        bpf.Map("journeys").MaxEntries = options.MaxPods * JourneysOfPod;
        bpf.Map("samples").MaxEntries = options.MaxPods * JourneysOfPod;
        bpf.Map("intervals").MaxEntries = options.MaxPods * JourneysOfPod * 4;
        bpf.Map("netfilter").MaxEntries = options.Netfilter ? options.MaxPods * JourneysOfPod * 4 : 1;
        bpf.Map("routes").MaxEntries = options.Routes ? options.MaxPods * TablesOfPod : 1;
        bpf.Map("counts").MaxEntries = options.MaxPods * JourneysOfPod * 4;
        bpf.Map("totals").MaxEntries = options.MaxContainers;
        bpf.SetGlobal("follow_datagrams", options.Datagrams);
        if (!options.Datagrams)
        {
            bpf.Map("datagrams").MaxEntries = 1;
        }

        if (!options.Netfilter)
        {
            SwitchOff(bpf, Netfilter);
        }

        if (!options.Routes)
        {
            SwitchOff(bpf, Routes);
            bpf.Map("look_ups").MaxEntries = 1;
        }
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        SayWhereJourneysEnd(context.Bpf);
        SocketWalk collect = SocketWalk.Attach(context, "collect", "collect_namespace");

        // Twice: the first walk learns who listens, so that the second can tell which end of an open connection connected.
        collect.Run();
        context.Bpf.SetGlobal("follow", true);
        collect.Run();
        context.OnCollect(collect.Run);

        PodDevices.Watch(context);
        PodBooks books = new(context, _path);
        context.OnCollect(books.Collect);
        context.Export("totals");
        context.ExportNode("losses");
        context.OnLive<JourneyEvent>("events", "stack", new JourneyText(_path, context.Bpf.Map("stacks"), _stackAt).Write);
        context.OnTrace("events", new JourneyTrace(_path));
    }

    /// <summary>
    /// A request's journeys are told together, where it is seen when applications write; but who looks for single journeys has them by themselves.
    /// </summary>
    private static bool IsStitched(ProbeSettings settings, StackTraceOptions options) =>
        (settings.Live || settings.Traced) && options.Stages.Contains("tcp_sendmsg_locked")
        && settings.Conditions is { Address: null, Port: 0, MinDuration.Ticks: 0, Phase: null or "data" };

    private static void SwitchOff(BpfObject bpf, IEnumerable<Hook> hooks) => bpf.SwitchOff(hooks.SelectMany(hook => hook.Programs[0].Split('+')));

    /// <summary>Of what nobody wants to see none is sampled.</summary>
    private static void Narrow(BpfObject bpf, LiveConditions wanted)
    {
        bpf.SetGlobal("want_port", (ushort)wanted.Port);
        bpf.SetGlobal("want_ns", (ulong)wanted.MinDuration.Ticks * TimeSpan.NanosecondsPerTick);
        if (wanted.Phase is { } phase)
        {
            bpf.SetGlobal("want_phase", (byte)StackTraceMetrics.Phases.ToList().IndexOf(phase));
        }

        if (wanted.Address is { } address)
        {
            bpf.SetGlobal("want_one_address", true);
            bpf.SetGlobal("want_address", JourneyAddress.Of(address));
        }
    }

    private uint NumberOf(string stage) => _path.IndexOf(stage) is var number and >= 0
        ? (uint)number
        : throw new BpfException($"--stack {stage}: no such stage is on; on are {_path}", 0);

    private void SayWhereJourneysEnd(BpfObject bpf)
    {
        int[] on = [.. Enumerable.Range(0, _path.Length).Where(stage => _path.ProgramsOf(stage).Any(program => bpf.Program(program).Autoload))];
        uint[] Of(Side side) => [.. on.Where(stage => _path.SideOf(stage) == side).Select(stage => (uint)stage)];
        uint[] sender = Of(Side.Sender);
        bpf.SetGlobal("probed_senders", _path.ProbesOfSender.Any(program => bpf.Program(program).Autoload));
        bpf.SetGlobal("first_sent", sender.FirstOrDefault(Stages.None));
        bpf.SetGlobal("first_queued", sender.FirstOrDefault(stage => _path.IsQueueOfSender((int)stage), Stages.None));

        // A function may be passed by some packets only: what leaves the pod and does not pass the last one ends when the connection writes again.
        uint lastSent = sender.LastOrDefault(stage => _path.IsPassedByAll((int)stage), sender.LastOrDefault(Stages.None));
        bpf.SetGlobal("last_sent", lastSent);
        uint lastInPod = !_path.HasNodeStages && on.Contains(_path.IndexOf(Stages.Transmitted))
            ? (uint)_path.IndexOf(Stages.Transmitted)
            : sender.LastOrDefault(stage => !_path.IsOfLoopback((int)stage), lastSent);
        bpf.SetGlobal("last_of_leaving", Of(Side.Node).LastOrDefault(lastInPod));
        bpf.SetGlobal("last_received", Of(Side.Receiver).LastOrDefault(Stages.None));
    }
}
