using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace MyProbe;

/// <summary>Counts the TCP resets that the containers of watched pods get. Change this into what you want to know.</summary>
public sealed class Probe : IProbe
{
    /// <summary>What the plugin is. Its table in pmoas.toml, its documentation and its dashboard follow from it.</summary>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "my_probe",
        Summary = "Counts the TCP resets that containers get.",
        BpfResource = "my_probe.bpf.o",
        Options = typeof(ProbeOptions),
        Hooks = [new Hook("tag", "tag_socket"), new Hook("reset", "count_reset")],
        Metrics = ProbeMetrics.All,
    };

    /// <summary>Before the kernel program is loaded: constants and sizes of maps.</summary>
    public void Configure(BpfObject bpf, ProbeSettings settings) =>
        bpf.SetGlobal("sidecars_only", settings.Get<ProbeOptions>().SidecarsOnly);

    /// <summary>After it is attached: which maps hold results.</summary>
    public void Start(ProbeContext context)
    {
        context.Export("totals");
        context.ExportNode("losses");
    }
}
