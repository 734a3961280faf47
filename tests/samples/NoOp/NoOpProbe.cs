using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace NoOp;

/// <summary>Counts TCP state changes in the kernel and does nothing else: the smallest whole plugin.</summary>
public sealed class NoOpProbe : IProbe
{
    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "no_op",
        Summary = "Counts TCP state changes and does nothing else.",
        BpfResource = "no_op.bpf.o",
        Options = typeof(NoOpOptions),
        Hooks = [new Hook("state", "count_state")],
        Metrics = NoOpMetrics.All,
    };

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings) => bpf.SetGlobal("only_state", settings.Get<NoOpOptions>().OnlyState);

    /// <inheritdoc/>
    public void Start(ProbeContext context) => context.ExportNode("totals");
}
