using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Traces;

/// <summary>
/// What sends the traces of one container. The SDK takes the resource, which says whose spans they are, from a provider, and asks it once: so each
/// container has a provider and an exporter, and all share one connection. No thread and no queue belongs to it.
/// </summary>
internal sealed class TraceDestination : IDisposable
{
    private readonly OtlpTraceExporter _exporter;
    private readonly TracerProvider _provider;

    internal TraceDestination(Collector collector, Container container, IEnumerable<KeyValuePair<string, object>> resource)
    {
        Container = container;
        _exporter = collector.Exporter();
        _provider = OpenTelemetry.Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddTelemetrySdk().AddAttributes(resource))
            .AddProcessor(new ProviderOnly(_exporter))
            .Build();
    }

    /// <summary>The container as it was when the resource was made.</summary>
    internal Container Container { get; }

    /// <summary>When it was last used, as <see cref="Stopwatch.GetTimestamp"/> has it.</summary>
    internal long Used { get; set; } = Stopwatch.GetTimestamp();

    /// <summary>Sends these spans.</summary>
    /// <returns>Null when the collector took them.</returns>
    internal (TraceDrop Reason, string Text)? Send(Collector collector, Activity[] spans)
    {
        Used = Stopwatch.GetTimestamp();
        return collector.Send(_exporter, spans);
    }

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose(); // and the exporter with it

    /// <summary>Makes the exporter know its provider, and hands it nothing.</summary>
    private sealed class ProviderOnly(BaseExporter<Activity> exporter) : BaseExportProcessor<Activity>(exporter)
    {
        protected override void OnExport(Activity data)
        {
        }
    }
}
