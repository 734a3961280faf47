using Pmoas.Host.Traces;
using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Exposition;

/// <summary>The daemon's own metrics, declared.</summary>
internal static class SelfMetricDefs
{
    private static readonly Label Plugin = new("plugin", "Name of the plugin.");
    private static readonly Label Program = new("program", "C name of the kernel program.");
    private static readonly Label[] ByPlugin = [Plugin];
    private static readonly Label[] ByProgram = [Plugin, Program];
    private static readonly Label[] ByRing = [Plugin, new("ring", "C name of the ring buffer.")];
    private static readonly Label[] ByMap = [Plugin, new("map", "C name of the map.")];

    private static readonly Label[] BySource =
        [new("source", "Kind of source: static, kubernetes, cri, docker or cgroupfs."), new("endpoint", "Where it asks: URL, socket or directory.")];

    internal static readonly GaugeDef BuildInfo = new(
        "pmoas_build_info",
        "Always 1; the labels say which PMOAS runs on which kernel.",
        [new("version", "Version of the daemon."), new("sdk", "Version of the plugin contract."), new("kernel", "Kernel release.")])
    { Panel = Panel.None };

    internal static readonly GaugeDef State = new(
        "pmoas_plugin_state", "1 for the state the plugin is in, 0 for the others.", [Plugin, new("state", "State in the plugin's life.")]);

    internal static readonly CounterDef Restarts = new(
        "pmoas_plugin_restarts_total", "Times the plugin was started again.", [Plugin]);

    internal static readonly GaugeDef Hook = new(
        "pmoas_plugin_hook",
        "Always 1; the labels say which program serves the hook, and how it is attached.",
        [Plugin, new("hook", "Name of the hook."), Program, new("kind", "Way of attaching, such as fexit or tracepoint.")])
    { Panel = Panel.None };

    internal static readonly CounterDef ProgramSkips = new(
        "pmoas_bpf_program_skipped_runs_total",
        "Runs the kernel left out because the program was already running on that CPU; a hook with a program named _nested makes up for them.", ByProgram);

    internal static readonly CounterDef ProgramRuns = new(
        "pmoas_bpf_program_runs_total", "Runs of the kernel program, while the kernel's BPF statistics are on.", ByProgram);

    internal static readonly CounterDef ProgramSeconds = new(
        "pmoas_bpf_program_run_seconds_total", "Time spent in the kernel program, while the kernel's BPF statistics are on.", ByProgram)
    { Scale = 1e-9 };

    internal static readonly CounterDef RingAttempts = new(
        "pmoas_ring_attempts_total", "Events the kernel programs wanted to write to the ring.", ByRing);

    internal static readonly CounterDef RingDelivered = new(
        "pmoas_ring_delivered_total", "Events read from the ring.", ByRing);

    internal static readonly CounterDef RingDropped = new(
        "pmoas_ring_dropped_total", "Events lost because the ring was full.", ByRing);

    internal static readonly CounterDef TracesExported = new(
        "pmoas_traces_exported_total", "Traces the collector took.", ByPlugin);

    internal static readonly CounterDef TraceSpansExported = new(
        "pmoas_trace_spans_exported_total", "Spans of the traces the collector took.", ByPlugin);

    internal static readonly CounterDef TracesDropped = new(
        "pmoas_traces_dropped_total", "Traces the collector did not take.",
        [
            .. ByPlugin,
            new("reason", "queue: more came than it took; each event counts, of which a trace may have several. unreachable: nobody answered. timeout: not in time. refused: with an error. nameless: nobody has named the container.",
                [.. TraceCounters.Reasons]),
        ]);

    internal static readonly GaugeDef MapEntries = new(
        "pmoas_map_entries", "Entries of the kernel map now.", ByMap);

    internal static readonly GaugeDef MapCapacity = new(
        "pmoas_map_capacity", "Entries the kernel map has room for.", ByMap);

    internal static readonly HistogramDef ScrapeSeconds = new(
        "pmoas_scrape_duration_seconds", "Time a scrape took, from reading the kernel's tables to the written text.", [])
    { Buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };

    internal static readonly GaugeDef Containers = new(
        "pmoas_containers", "Containers watched on this node.", [new("role", "sidecar, service, init or ephemeral.")]);

    internal static readonly GaugeDef ContainersNameless = new(
        "pmoas_containers_nameless", "Containers that are counted in the kernel and wait for a source to name them.", []);

    internal static readonly CounterDef ContainersMissed = new(
        "pmoas_containers_missed_total", "Containers whose cgroup was gone before it could be looked at and that the kernel had not tagged: what they did is not counted.", []);

    internal static readonly GaugeDef TaggedCgroups = new(
        "pmoas_tagged_cgroups", "Cgroups the kernel knows as a container's.", []);

    internal static readonly GaugeDef SourceUp = new(
        "pmoas_source_up", "1 while the source of pods answers; 0 while what it told last is all there is.", BySource);

    internal static readonly GaugeDef SourceAge = new(
        "pmoas_source_age_seconds", "Time since the source of pods was last heard from.", BySource);

    internal static readonly GaugeDef SourcePods = new(
        "pmoas_source_pods", "Pods the source told of last.", BySource);

    internal static readonly CounterDef SourceFailures = new(
        "pmoas_source_failures_total", "Times the source of pods failed and was asked anew.", BySource);

    internal static readonly CounterDef ConfigReloads = new(
        "pmoas_config_reloads_total", "Attempts to read the changed configuration.", [new("result", "What came of it.", "ok", "error")]);

    internal static readonly GaugeDef ConfigReloadTime = new(
        "pmoas_config_last_reload_success_timestamp_seconds", "When the configuration in use was read, in seconds since 1970.", [])
    { Panel = Panel.None };

    internal static readonly IReadOnlyList<MetricDef> All =
    [
        BuildInfo, State, Restarts, Hook, ProgramSkips, ProgramRuns, ProgramSeconds, RingAttempts, RingDelivered, RingDropped, TracesExported, TraceSpansExported, TracesDropped, MapEntries, MapCapacity,
        ScrapeSeconds, Containers, ContainersNameless, ContainersMissed, TaggedCgroups, SourceUp, SourceAge, SourcePods, SourceFailures, ConfigReloads, ConfigReloadTime,
    ];
}
