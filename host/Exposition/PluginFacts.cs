using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Exposition;

/// <summary>What the daemon's own metrics tell of one plugin, as it is now.</summary>
internal sealed record PluginFacts
{
    /// <summary>Name of the plugin.</summary>
    public required string Plugin { get; init; }

    /// <summary>One of <see cref="SelfMetrics.States"/>.</summary>
    public required string State { get; init; }

    /// <summary>How often it was started again. A new start makes new programs, rings and maps, whose totals begin at 0.</summary>
    public int Restarts { get; init; }

    /// <summary>The hooks in use.</summary>
    public IReadOnlyList<HookFact> Hooks { get; init; } = [];

    /// <summary>Its programs.</summary>
    public IReadOnlyList<ProgramFact> Programs { get; init; } = [];

    /// <summary>Its ring buffers.</summary>
    public IReadOnlyList<RingFact> Rings { get; init; } = [];

    /// <summary>Its maps that fill up.</summary>
    public IReadOnlyList<MapFact> Maps { get; init; } = [];

    /// <summary>Reads what the kernel says of an object's programs.</summary>
    internal static IReadOnlyList<ProgramFact> ProgramsOf(BpfObject bpf) =>
    [
        .. bpf.Programs.Where(program => program.Autoload).Select(program =>
        {
            BpfProgramInfo info = program.Info;
            return new ProgramFact(program.Name, info.RunCount, info.RunTimeNs, info.RecursionMisses);
        }),
    ];

    /// <summary>Counts the entries of an object's hash maps.</summary>
    internal static IReadOnlyList<MapFact> MapsOf(BpfObject bpf) =>
    [
        .. bpf.Maps.Where(map => map.Type is BpfMapType.Hash or BpfMapType.PerCpuHash or BpfMapType.LruHash)
            .Select(map => new MapFact(map.Name, map.CountEntries(), map.MaxEntries)),
    ];
}

/// <summary>A hook and the program that serves it.</summary>
/// <param name="Hook">Name of the hook in the manifest.</param>
/// <param name="Program">C name of the program.</param>
/// <param name="Kind">How it is attached: <c>tp_btf</c>, <c>tracepoint</c>, …</param>
internal sealed record HookFact(string Hook, string Program, string Kind);

/// <summary>A program's runs since it was loaded.</summary>
/// <param name="Program">C name.</param>
/// <param name="Runs">0 unless the kernel's BPF statistics are on.</param>
/// <param name="Nanoseconds">Spent in them; 0 unless the statistics are on.</param>
/// <param name="Skipped">Runs the kernel left out because the program was running on that CPU already.</param>
internal sealed record ProgramFact(string Program, ulong Runs, ulong Nanoseconds, ulong Skipped);

/// <summary>A ring buffer's events since it was made; attempts = delivered + dropped once it is drained.</summary>
internal sealed record RingFact(string Ring, ulong Attempts, ulong Delivered, ulong Dropped);

/// <summary>How full a map is.</summary>
internal sealed record MapFact(string Map, long Entries, long Capacity);
