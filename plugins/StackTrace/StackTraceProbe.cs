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
        Hooks =
        [
            // In this order: the second program does what the kernel kept from the first.
            new Hook("connection states", "state_changed+state_changed_nested"),
            new Hook("open connections", "collect", "collect_files"),
            .. Stages.Hooks,
            new Hook("retransmits", "tcp_retransmit_skb")
            {
                Required = false,
                WithoutIt = "pmoas_stack_trace_retransmits_total stays empty.",
            },
            new Hook("drops", "kfree_skb")
            {
                Required = false,
                WithoutIt = "pmoas_stack_trace_dropped_packets_total stays empty.",
            },
        ],
    };

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        StackTraceOptions options = settings.Get<StackTraceOptions>();
        bpf.SetGlobal("live", settings.Live);
        bpf.SetGlobal("traced", settings.Traced);
        Narrow(bpf, settings.Conditions);
        bpf.SetGlobal("translation", options.Stages.Contains("tcp_probe"));
        bpf.SetGlobal("sample_every_ns", settings.Live ? Second / options.ShownPerSecond : KindsOfPod * Second / options.TracedPerSecond);
        bpf.SetGlobal("pairs", StagePairs.Of(options.Intervals));
        bpf.SetGlobal("pair_count", (uint)options.Intervals.Count);
        bpf.SetGlobal("max_streams", options.MaxStreams);
        foreach (string map in (string[])["streams", "free_streams", "places"])
        {
            bpf.Map(map).MaxEntries = options.MaxStreams;
        }

        bpf.Map("journeys").MaxEntries = options.MaxPods * JourneysOfPod;
        bpf.Map("samples").MaxEntries = options.MaxPods * JourneysOfPod;
        bpf.Map("intervals").MaxEntries = options.MaxPods * JourneysOfPod * 4;
        bpf.Map("counts").MaxEntries = options.MaxPods * JourneysOfPod * 4;
        bpf.Map("totals").MaxEntries = options.MaxContainers;
        bpf.SetGlobal("follow_datagrams", options.Datagrams);
        bpf.SwitchOff(Stages.All.Where(stage => !options.Stages.Contains(stage.Name)).SelectMany(stage => stage.Programs));
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        SayWhereJourneysEnd(context.Bpf);
        BpfProgram bySocket = context.Bpf.Program("collect");
        BpfIterator collect = bySocket.Autoload
            ? bySocket.AttachIterator(BpfIteratorTarget.Map(context.Bpf.Map("pmoas_sockets")))
            : context.Bpf.Program("collect_files").AttachIterator();
        context.Stopping.Register(collect.Dispose);

        // Twice: the first walk learns who listens, so that the second can tell which end of an open connection connected.
        collect.Run();
        context.Bpf.SetGlobal("follow", true);
        collect.Run();
        context.OnCollect(collect.Run);

        PodBooks books = new(context);
        context.OnCollect(books.Collect);
        context.Export("totals");
        context.ExportNode("losses");
        context.OnLive<JourneyEvent>("events", "stack", JourneyText.Write);
        context.OnTrace("events", new JourneyTrace());
    }

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

    private static void SayWhereJourneysEnd(BpfObject bpf)
    {
        int[] on = [.. Enumerable.Range(0, Stages.All.Count).Where(stage => Stages.All[stage].Programs.Any(program => bpf.Program(program).Autoload))];
        uint[] sender = [.. on.Where(stage => stage <= Stages.LastOfSender).Select(stage => (uint)stage)];
        uint[] receiver = [.. on.Where(stage => stage > Stages.LastOfSender).Select(stage => (uint)stage)];
        bpf.SetGlobal("first_sent", sender.FirstOrDefault(Stages.None));
        bpf.SetGlobal("first_queued", sender.FirstOrDefault(stage => stage > 0, Stages.None));
        bpf.SetGlobal("last_sent", sender.LastOrDefault(Stages.None));
        bpf.SetGlobal("last_received", receiver.LastOrDefault(Stages.None));
    }
}
