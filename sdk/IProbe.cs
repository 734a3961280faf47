using Pmoas.Sdk.Bpf;

namespace Pmoas.Sdk;

/// <summary>
/// A probe plugin: one kernel object, its options and its metrics. The host finds it in the plugin directory,
/// owns its life (load, attach, restart, stop) and its threads; the probe says what it is and what it measures.
/// </summary>
/// <remarks>
/// The implementing class is public and has a public constructor without parameters. The host calls the members
/// from one thread at a time, in the order written here, with a new instance for every (re)start. An exception from any of
/// them makes this probe, and only this one, <c>faulted</c>.
/// </remarks>
public interface IProbe
{
    /// <summary>What the probe is, as data: read before anything is opened, and by tools that never start it.</summary>
    ProbeManifest Manifest { get; }

    /// <summary>The hooks, where the configuration decides which there are. As a rule those of the manifest.</summary>
    IReadOnlyList<Hook> HooksFor(ProbeSettings settings) => Manifest.Hooks;

    /// <summary>
    /// Called with the kernel object opened and not yet loaded: set constants and map sizes, switch programs off.
    /// A probe without a kernel object is handed <see cref="BpfObject.None"/>.
    /// </summary>
    void Configure(BpfObject bpf, ProbeSettings settings);

    /// <summary>
    /// Called with every hook attached: say which maps to export, what to do before a scrape and on an event.
    /// Returns at once; work that lasts belongs in the callbacks.
    /// </summary>
    void Start(ProbeContext context);
}
