using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.ResourceUsage;

/// <summary>What each container consumes.</summary>
public sealed class ResourceUsageProbe : IProbe
{
    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "resource_usage",
        Summary = "CPU, memory, network and block I/O of each container, and what the sidecar takes of its pod's.",
        BpfResource = "resource_usage.bpf.o",
        MinimumKernel = new Version(6, 1),
        Options = typeof(ResourceUsageOptions),
        Metrics = KernelMetrics.All,
        Hooks = KernelUsage.Hooks,
    };

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings) => KernelUsage.Configure(bpf, settings.Get<ResourceUsageOptions>());

    /// <inheritdoc/>
    public void Start(ProbeContext context) => KernelUsage.Start(context);
}
