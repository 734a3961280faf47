namespace Pmoas.Sdk.Bpf;

/// <summary>Which alternative serves a hook.</summary>
/// <param name="Hook">Name of the hook.</param>
/// <param name="Program">The alternative in use, as the hook names it; null when none is.</param>
/// <param name="Kind">Its kind: <c>fentry</c>, <c>fexit</c>, <c>kprobe</c>, <c>kretprobe</c>, <c>tp_btf</c>, <c>raw_tp</c>, <c>tracepoint</c> …; null when none is in use.</param>
/// <param name="Refused">Why the better alternatives are not in use, one line; null when the best is.</param>
public sealed record HookReport(string Hook, string? Program, string? Kind, string? Refused)
{
    /// <summary>True when the plugin's configuration does not want any of its alternatives.</summary>
    public bool IsSwitchedOff { get; init; }

    /// <summary>What is lost without the hook, as <see cref="Sdk.Hook.WithoutIt"/> has it.</summary>
    public string WithoutIt { get; init; } = "";
}

/// <summary>A loaded object and its attached programs, as <see cref="HookLadder"/> made them. Dispose detaches first, then unloads.</summary>
public sealed class AttachedHooks : IDisposable
{
    private readonly IReadOnlyList<BpfLink> _links;
    private readonly List<IDisposable> _owned = [];

    internal AttachedHooks(BpfObject bpf, IReadOnlyList<BpfLink> links, IReadOnlyList<HookReport> hooks) => (Object, _links, Hooks) = (bpf, links, hooks);

    /// <summary>The loaded object; owned by this.</summary>
    public BpfObject Object { get; }

    /// <summary>One report per hook, in the order of the hooks.</summary>
    public IReadOnlyList<HookReport> Hooks { get; }

    /// <summary>Makes a reader of one of the object's rings. It is disposed with this, after the links and before the object; stop draining first.</summary>
    public RingBuffer OpenRing(string map)
    {
        RingBuffer ring = new(Object.Map(map));
        _owned.Add(ring);
        return ring;
    }

    /// <summary>Detaches every program; the maps stay readable until <see cref="Dispose"/>.</summary>
    public void Detach()
    {
        foreach (BpfLink link in _links)
        {
            link.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _links.Concat(_owned))
        {
            owned.Dispose();
        }

        Object.Dispose();
    }
}
