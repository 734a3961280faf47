using Microsoft.Extensions.Logging;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;
using Pmoas.Sdk.Traces;

namespace Pmoas.Sdk;

/// <summary>What a running probe may use. Made by the host for one start; everything registered here ends with the probe.</summary>
public abstract class ProbeContext
{
    /// <summary>Logger named after the probe.</summary>
    public abstract ILogger Logger { get; }

    /// <summary>The loaded and attached kernel object, or <see cref="BpfObject.None"/>.</summary>
    public abstract BpfObject Bpf { get; }

    /// <summary>The pods and containers of this node, by the small ids that kernel programs see in their tag.</summary>
    public abstract IContainerIndex Containers { get; }

    /// <summary>Cancelled when the probe is being stopped.</summary>
    public abstract CancellationToken Stopping { get; }

    /// <summary>The counter of this definition; the definition must be in the manifest.</summary>
    public abstract Counter Counter(CounterDef def);

    /// <summary>The gauge of this definition; the definition must be in the manifest.</summary>
    public abstract Gauge Gauge(GaugeDef def);

    /// <summary>The histogram of this definition; the definition must be in the manifest.</summary>
    public abstract Histogram Histogram(HistogramDef def);

    /// <summary>
    /// Exports, at every scrape, all metrics of the manifest whose <see cref="MetricDef.Field"/> names a member of the value type of
    /// this map. The map is keyed by container id (<c>__u32</c>); per-CPU values are summed. Series end with their container.
    /// </summary>
    public abstract void Export(string map);

    /// <summary>
    /// Exports, at every scrape, all metrics of the manifest that carry no container label and whose
    /// <see cref="MetricDef.Field"/> names a member of the value type of this single-entry (per-CPU) array.
    /// </summary>
    public abstract void ExportNode(string map);

    /// <summary>Runs before every scrape, on the scrape's thread, before the exported maps are read.</summary>
    public abstract void OnCollect(Action collect);

    /// <summary>
    /// Reads this ring buffer and hands each event to <paramref name="handler"/> on the host's one ring thread, in place:
    /// the reference is gone when the handler returns. The handler must not allocate, block or throw. <typeparamref name="T"/> is
    /// checked against the C struct of the same name (<c>AcceptEvent</c> = <c>struct accept_event</c>) before the first event.
    /// </summary>
    public abstract void OnEvent<T>(string ring, BpfEventHandler<T> handler) where T : unmanaged;

    /// <summary>
    /// Says how an event of this ring is shown by <c>pmoas monitor</c>. Nothing is read unless somebody watches.
    /// </summary>
    /// <param name="ring">Name of the ring buffer map.</param>
    /// <param name="stream">The word after <c>monitor</c> that shows it, such as <c>socket</c>.</param>
    /// <param name="write">Writes the fields of one event; called on the ring thread.</param>
    public abstract void OnLive<T>(string ring, string stream, LiveEventFormat<T> write) where T : unmanaged;

    /// <summary>
    /// Says how an event of this ring becomes a trace. Nothing is read unless a collector takes traces (<see cref="ProbeSettings.Traced"/>); what it
    /// does not take is dropped and counted.
    /// </summary>
    /// <param name="ring">Name of the ring buffer map.</param>
    /// <param name="format">Called on a thread of the host's own, some seconds after the event, also while the probe is being stopped.</param>
    public abstract void OnTrace<T>(string ring, TraceFormat<T> format) where T : unmanaged;
}

/// <summary>Handles one event in place.</summary>
public delegate void BpfEventHandler<T>(in T value) where T : unmanaged;
