using System.Globalization;
using Pmoas.FakeCollector;
using Pmoas.Host.Config;
using Pmoas.Host.Exposition;
using Pmoas.Host.Plugins;
using Pmoas.Host.Traces;
using Pmoas.Sdk.Pods;
using Pmoas.Sdk.Traces;
using Pmoas.Tests.Metrics;
using Pmoas.Tests.Pods;
using Pmoas.Tests.Pods.Sources;

namespace Pmoas.Tests.Traces;

/// <summary>Traces of made-up events on their way to a receiver of OTLP, without a kernel.</summary>
internal sealed class TraceLab : IAsyncDisposable
{
    private readonly Instruments _instruments = new();
    private readonly PretendNode _node = new();
    private readonly List<PluginException> _faults = [];
    private readonly TraceCounters _counters;
    private readonly TracesOptions _options;

    private TraceLab(CollectorServer collector, TracesOptions options)
    {
        (Collector, _options) = (collector, options);
        _options.Endpoint = $"http://127.0.0.1:{(options.Protocol == TraceProtocol.Grpc ? collector.GrpcPort : collector.HttpPort)}";
        _counters = new SelfMetrics(_instruments, "0", "0", "0").Traces;
        _node.Make("/web/app");
        _node.Pods.Publish(0, "lab",
        [
            new("shop", "web-1", "uid-1", Specs.None, new Dictionary<string, string> { ["resource.opentelemetry.io/service.name"] = "front" },
                [Specs.Container("app", "/web/app", "registry:5000/team/app:1.2@sha256:00") with { Id = "c0ffee" }]) { Owner = "Deployment/web" },
        ]);
        _node.Pods.Look();
        App = Assert.Single(_node.Pods.All);
        Export = new TraceExport(_options, _node.Pods, "node-1", _counters, Log);
    }

    internal CollectorServer Collector { get; }

    internal TraceExport Export { get; }

    internal RecordedLog Log { get; } = new();

    /// <summary>The one container there is.</summary>
    internal Container App { get; }

    internal IReadOnlyList<PluginException> Faults => _faults;

    internal static async Task<TraceLab> StartAsync(TracesOptions? options = null) => new(await CollectorServer.StartAsync(), options ?? new TracesOptions());

    /// <summary>Hands over these events and ends their plugin, so that nothing waits.</summary>
    internal void Tell(params ReadOnlySpan<LabEvent> events)
    {
        TraceRoute<LabEvent> route = new("lab", new LabFormat(), _options.MaxQueue, _counters, _faults.Add);
        Export.Add(route);
        foreach (ref readonly LabEvent one in events)
        {
            route.Accept(in one);
        }

        Export.Remove(route);
    }

    internal LabEvent Event(ulong number, ulong nanoseconds = 1000) => new(App.Id, number, nanoseconds);

    internal LabEvent[] Events(int count) => [.. Enumerable.Range(1, count).Select(i => Event((ulong)i))];

    internal async Task<int> ExportedAsync() => int.Parse((await Exposed.ValueAsync(_instruments, "pmoas_traces_exported_total{plugin=\"lab\"}"))!, CultureInfo.InvariantCulture);

    internal async Task<int> DroppedAsync(TraceDrop reason)
    {
        string series = $"pmoas_traces_dropped_total{{plugin=\"lab\",reason=\"{TraceCounters.Reasons[(int)reason]}\"}}";
        return int.Parse((await Exposed.ValueAsync(_instruments, series))!, CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until so many traces have been counted, as one thing or the other.</summary>
    internal async Task CountedAsync(int traces)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        for (; ; await Task.Delay(10, limit.Token))
        {
            int counted = await ExportedAsync();
            foreach (TraceDrop reason in Enum.GetValues<TraceDrop>())
            {
                counted += await DroppedAsync(reason);
            }

            if (counted >= traces)
            {
                Assert.Equal(traces, counted);
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Export.Dispose();
        await Collector.DisposeAsync();
        _node.Dispose();
    }

    private sealed class LabFormat : TraceFormat<LabEvent>
    {
        public override ulong Identity(in LabEvent value) => value.Number;

        public override void Write(ReadOnlySpan<LabEvent> values, TraceWriter writer)
        {
            LabEvent value = Assert.Single(values.ToArray());
            writer.Container(value.Container);
            writer.Begin("whole", 1_000_000);
            writer.Attribute("lab.number", (long)value.Number);
            writer.Begin("part", 1_000_000);
            writer.End(1_000_000 + value.Nanoseconds);
            if (value.Nanoseconds > 0)
            {
                writer.End(1_000_000 + value.Nanoseconds); // without time it forgets to
            }
        }
    }
}

/// <summary>Something that took some time.</summary>
internal readonly record struct LabEvent(uint Container, ulong Number, ulong Nanoseconds);
