using Pmoas.Sdk.Metrics;

namespace Pmoas.Sdk;

/// <summary>What a probe is, as data.</summary>
public sealed record ProbeManifest
{
    /// <summary>
    /// Name in <c>pmoas.toml</c> (<c>[plugins.NAME]</c>), metric prefix (<c>pmoas_NAME_</c>) and folder of the C source;
    /// lower case, words joined by <c>_</c>.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>One sentence for lists and help.</summary>
    public required string Summary { get; init; }

    /// <summary>Name of the embedded resource that holds the compiled kernel object, such as <c>accept.bpf.o</c>; null when there is none.</summary>
    public string? BpfResource { get; init; }

    /// <summary>The oldest kernel the probe supports; on an older one it is <c>unsupported</c>, and the sentence says so.</summary>
    public Version MinimumKernel { get; init; } = new(6, 1);

    /// <summary>The options class bound to <c>[plugins.NAME]</c>; null when the probe has no options.</summary>
    public Type? Options { get; init; }

    /// <summary>The hooks, each with its programs from the best to the one that works everywhere.</summary>
    public IReadOnlyList<Hook> Hooks { get; init; } = [];

    /// <summary>Every metric of the probe. Registration, docs table and dashboard follow from it.</summary>
    public IReadOnlyList<MetricDef> Metrics { get; init; } = [];
}

/// <summary>
/// One thing to be notified of, and the programs that can do it, best first. The host tries them in this order
/// (load and attach of the real program) and keeps the first that works. Programs no hook names are left alone: iterators, for instance.
/// </summary>
/// <param name="Name">What it notices, such as <c>accept</c>.</param>
/// <param name="Programs">Alternatives, best first. Each entry is one or more program names joined by <c>+</c> that only work together.</param>
public sealed record Hook(string Name, params IReadOnlyList<string> Programs)
{
    /// <summary>When false, the probe runs without the hook where no alternative works.</summary>
    public bool Required { get; init; } = true;

    /// <summary>What is lost without the hook, one sentence for <c>pmoas check</c>.</summary>
    public string WithoutIt { get; init; } = "";
}
