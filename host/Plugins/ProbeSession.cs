using Pmoas.Host.Exposition;
using Pmoas.Host.Traces;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;
using Pmoas.Sdk.Traces;

namespace Pmoas.Host.Plugins;

/// <summary>
/// One start of one probe: everything it registers, and its end. The probe registers in <see cref="IProbe.Start"/>, on one thread;
/// then <see cref="Activate"/> begins to call it.
/// </summary>
internal sealed class ProbeSession : ProbeContext, IDisposable
{
    private readonly string _name;
    private readonly ProbeServices _services;
    private readonly AttachedHooks? _attached;
    private readonly PluginInstruments _instruments;
    private readonly List<Action> _collects = [];
    private readonly KernelTables _tables;
    private readonly List<RingRoute> _routes = [];
    private readonly List<TraceRoute> _traces = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<PluginException> _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PluginScrape? _scrape;

    /// <summary>Takes over the attached hooks; they end with the session, also when this throws.</summary>
    /// <exception cref="PluginException">Its metrics cannot be registered.</exception>
    public ProbeSession(ImportedPlugin plugin, AttachedHooks? attached, ProbeServices services, ILogger logger)
    {
        (_name, _services, _attached, Logger) = (plugin.Name, services, attached, logger);
        try
        {
            _instruments = services.Instruments.Register(plugin.Name, plugin.Manifest.Metrics);
        }
        catch (MetricDefinitionException e)
        {
            attached?.Dispose();
            throw new PluginException(PluginState.Faulted, e.Message, e);
        }

        _tables = new KernelTables(plugin, Bpf, _instruments, services.Containers);
    }

    /// <summary>Completes with the fault when a callback threw; never fails, is never cancelled.</summary>
    public Task<PluginException> Fault => _fault.Task;

    /// <summary>The hooks and the programs that serve them.</summary>
    public IReadOnlyList<HookReport> Hooks => _attached?.Hooks ?? [];

    /// <summary>False when the probe has no kernel object: <see cref="Bpf"/> is then <see cref="BpfObject.None"/>.</summary>
    public bool HasKernelObject => _attached is not null;

    /// <summary>The probe, when it can tell what it misses on this machine.</summary>
    public IProbeCheck? Check { get; init; }

    /// <summary>What the probe misses on this machine beyond hooks.</summary>
    /// <exception cref="PluginException">The probe threw.</exception>
    public IReadOnlyList<MissingPart> Missing => Check is null ? [] : PluginBorder.Call("Missing", () => Check.Missing);

    /// <summary>The rings that are read.</summary>
    public IReadOnlyList<RingRoute> Rings => _routes;

    /// <inheritdoc/>
    public override ILogger Logger { get; }

    /// <inheritdoc/>
    public override BpfObject Bpf => _attached?.Object ?? BpfObject.None;

    /// <inheritdoc/>
    public override IContainerIndex Containers => _services.Containers;

    /// <inheritdoc/>
    public override CancellationToken Stopping => _stopping.Token;

    /// <inheritdoc/>
    public override Counter Counter(CounterDef def) => _instruments.Counter(def);

    /// <inheritdoc/>
    public override Gauge Gauge(GaugeDef def) => _instruments.Gauge(def);

    /// <inheritdoc/>
    public override Histogram Histogram(HistogramDef def) => _instruments.Histogram(def);

    /// <inheritdoc/>
    public override void Export(string map) => _tables.Add(map, perContainer: true);

    /// <inheritdoc/>
    public override void ExportNode(string map) => _tables.Add(map, perContainer: false);

    /// <inheritdoc/>
    public override void OnCollect(Action collect) => _collects.Add(collect);

    /// <inheritdoc/>
    public override void OnEvent<T>(string ring, BpfEventHandler<T> handler) => Route(ring).Add(handler);

    /// <inheritdoc/>
    public override void OnLive<T>(string ring, string stream, LiveEventFormat<T> write)
    {
        if (_services.Live is not { } live)
        {
            return;
        }

        live.Offer(stream);
        if (live.Wants(stream))
        {
            Route(ring).Add((in T value) =>
            {
                write(in value, live);
                live.End();
            });
        }
    }

    /// <inheritdoc/>
    public override void OnTrace<T>(string ring, TraceFormat<T> format)
    {
        if (_services.Traces is not { } export)
        {
            return;
        }

        TraceRoute<T> route = new(_name, format, export.MaxQueue, export.Counters, End);
        _traces.Add(route);
        Route(ring).Add<T>(route.Accept);
    }

    /// <summary>Begins to read tables and rings; once, after <c>Start</c>.</summary>
    /// <exception cref="PluginException">A table does not fit its metrics.</exception>
    public void Activate()
    {
        _instruments.EndContainersNotIn(_services.Containers);
        IReadOnlyList<Action> tables = PluginBorder.Call("Export", _tables.Readers);
        _traces.ForEach(route => _services.Traces!.Add(route));
        _routes.ForEach(_services.Rings.Add);
        _scrape = _services.Scrapes.Join(_name, [.. _collects, .. tables]);
    }

    /// <summary>Completes <see cref="Fault"/>; the first one counts.</summary>
    public void End(PluginException fault) => _fault.TrySetResult(fault);

    /// <summary>Ends it all: callbacks first, then the programs, then their maps.</summary>
    public void Dispose()
    {
        _attached?.Detach(); // first: what is read now are the last numbers, exactly
        _routes.ForEach(_services.Rings.Remove);
        _traces.ForEach(route => _services.Traces!.Remove(route));
        if (_scrape is not null && !_fault.Task.IsCompleted)
        {
            _services.Scrapes.RunLast(_scrape); // the last numbers, while their maps are there
        }

        _scrape?.Dispose();
        _stopping.Cancel(); // nothing calls the probe any more: it lets go of what it holds, while the object lives
        foreach (RingRoute route in _routes)
        {
            _services.Live?.Total(route.Count, route.Delivered);
            route.Dispose();
        }

        _attached?.Dispose();
        _stopping.Dispose();
    }

    private RingRoute Route(string ring)
    {
        RingRoute? route = _routes.Find(route => route.Ring == ring);
        if (route is null)
        {
            _routes.Add(route = new RingRoute(_name, Bpf, ring, End));
        }

        return route;
    }
}
