using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Exposition;
using Pmoas.ResourceUsage;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;
using Pmoas.Sdk.Traces;
using Pmoas.Tests.Metrics;
using Pmoas.Tests.Pods.Sources;

namespace Pmoas.Tests.ResourceUsage;

/// <summary>The plugin's collector over fake cgroups, with real instruments.</summary>
internal sealed class UsageLab : IDisposable
{
    private readonly Instruments _instruments = new();
    private readonly UsageCollector _collector;

    internal UsageLab(CgroupPlaces places, ResourceUsageOptions? options = null)
    {
        string devices = Directory.CreateTempSubdirectory("pmoas-test-dev-").FullName;
        File.CreateSymbolicLink($"{devices}/254:0", "../../devices/pci0/block/vda");
        Devices = devices;
        FakeContext context = new(_instruments.Register("resource_usage", ResourceUsageMetrics.All), Index);
        _collector = new UsageCollector(places, options ?? new ResourceUsageOptions { Refresh = TimeSpan.Zero }, Index, new UsageInstruments(context), Time, new BlockDevices(devices));
    }

    internal PodContainers Index { get; } = new();

    internal HandMovedTime Time { get; } = new();

    internal int Kept => _collector.Kept;

    private string Devices { get; }

    internal void Collect() => _collector.Collect();

    internal Task<string[]> LinesAsync() => Exposed.LinesAsync(_instruments);

    /// <summary>The value of a container's series, without the metric's prefix; null when there is none.</summary>
    internal Task<string?> OfAsync(string metric, string container, string role, string more = "") => Exposed.ValueAsync(
        _instruments,
        $"pmoas_resource_usage_{metric}{{namespace=\"lab\",pod=\"chain\",container=\"{container}\",role=\"{role}\"{(more.Length > 0 ? "," + more : "")}}}");

    internal Task<string?> AppAsync(string metric, string more = "") => OfAsync(metric, "app", "service", more);

    internal Task<string?> PodAsync(string metric) => Exposed.ValueAsync(_instruments, $"pmoas_resource_usage_{metric}{{namespace=\"lab\",pod=\"chain\"}}");

    internal Task<string?> NodeAsync(string metric) => Exposed.ValueAsync(_instruments, $"pmoas_resource_usage_{metric}");

    public void Dispose()
    {
        _collector.Dispose();
        Directory.Delete(Devices, recursive: true);
    }

    private sealed class FakeContext(PluginInstruments instruments, IContainerIndex index) : ProbeContext
    {
        public override Microsoft.Extensions.Logging.ILogger Logger => NullLogger.Instance;

        public override BpfObject Bpf => BpfObject.None;

        public override IContainerIndex Containers => index;

        public override CancellationToken Stopping => default;

        public override Counter Counter(CounterDef def) => instruments.Counter(def);

        public override Gauge Gauge(GaugeDef def) => instruments.Gauge(def);

        public override Histogram Histogram(HistogramDef def) => instruments.Histogram(def);

        public override void Export(string map) => throw new NotSupportedException();

        public override void ExportNode(string map) => throw new NotSupportedException();

        public override void OnCollect(Action collect) => throw new NotSupportedException();

        public override void OnEvent<T>(string ring, BpfEventHandler<T> handler) => throw new NotSupportedException();

        public override void OnLive<T>(string ring, string stream, LiveEventFormat<T> write) => throw new NotSupportedException();

        public override void OnTrace<T>(string ring, TraceFormat<T> format) => throw new NotSupportedException();
    }
}
