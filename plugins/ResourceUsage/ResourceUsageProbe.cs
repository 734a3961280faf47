using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.ResourceUsage;

/// <summary>What each container takes of the machine, and the sidecar of each pod of its pod.</summary>
public sealed class ResourceUsageProbe : IProbe, IProbeCheck
{
    private readonly CgroupPlaces _places = CgroupPlaces.Detect();
    private ResourceUsageOptions _options = new();

    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "resource_usage",
        Summary = "CPU, memory, block I/O, network and processes of each container, and the sidecar's share of its pod.",
        BpfResource = "resource_usage.bpf.o",
        MinimumKernel = new Version(6, 1),
        Options = typeof(ResourceUsageOptions),
        Metrics = [.. ResourceUsageMetrics.All, .. KernelMetrics.All],
        Hooks = KernelUsage.Hooks,
    };

    /// <inheritdoc/>
    public IReadOnlyList<MissingPart> Missing => MissingParts.Of(_places);

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        _options = settings.Get<ResourceUsageOptions>();
        KernelUsage.Configure(bpf, _options);
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        UsageCollector usage = new(_places, _options, context.Containers, new UsageInstruments(context), TimeProvider.System, new BlockDevices());
        context.Stopping.Register(usage.Dispose);
        context.OnCollect(usage.Collect);
        KernelUsage.Start(context);
    }
}
