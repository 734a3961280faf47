using Pmoas.Host.Exposition;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>What can be said of one plugin now, for metrics and lists. Safe to read from any thread.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Version of its assembly; empty before it is imported.</param>
/// <param name="Run">Its life, or null when the configuration never enabled it.</param>
/// <param name="Refusal">Why it could not be imported, or null.</param>
internal sealed record PluginStatus(string Name, string Version = "", ProbeRun? Run = null, PluginException? Refusal = null)
{
    /// <summary>Where it is in its life.</summary>
    public PluginState State => Run?.State ?? Refusal?.State ?? PluginState.Found;

    /// <summary>Why it is unsupported or faulted; empty otherwise.</summary>
    public string Reason => Run?.Reason ?? Refusal?.Message ?? "";

    /// <summary>The same as the daemon's own metrics tell it; call it while no plugin can stop, as a scrape does.</summary>
    public PluginFacts Facts()
    {
        PluginFacts facts = new() { Plugin = Name, State = StateText.Of(State), Restarts = Run?.Restarts ?? 0 };
        return Run?.Look(session => facts with
        {
            Hooks = [.. session.Hooks.Where(hook => hook.Program is not null)
                .Select(hook => new HookFact(hook.Hook, hook.Program!, hook.Kind ?? ""))],
            Programs = session.HasKernelObject ? PluginFacts.ProgramsOf(session.Bpf) : [],
            Maps = session.HasKernelObject ? PluginFacts.MapsOf(session.Bpf) : [],
            Rings = [.. session.Rings.Select(RingFact)],
        }) ?? facts;
    }

    private static RingFact RingFact(RingRoute ring)
    {
        RingCount count = ring.Count;
        return new RingFact(ring.Ring, count.Attempts, ring.Delivered, count.Dropped);
    }
}
