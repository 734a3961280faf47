using Pmoas.Host.Traces;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Exposition;

/// <summary>What the daemon tells about itself. <c>Update</c> is called by one scrape at a time; the rest is thread-safe.</summary>
internal sealed class SelfMetrics
{
    /// <summary>The states of a plugin's life, in order.</summary>
    internal static readonly IReadOnlyList<string> States =
        ["found", "imported", "configured", "loaded", "attached", "running", "stopped", "unsupported", "faulted"];

    private static readonly IReadOnlyList<string> Roles = [.. Enum.GetValues<Role>().Select(ContainerLabels.Text)];

    private readonly PluginInstruments _own;
    private readonly RunningTotals _restarts;
    private readonly RunningTotals _runs;
    private readonly RunningTotals _runSeconds;
    private readonly RunningTotals _skipped;
    private readonly RunningTotals _attempts;
    private readonly RunningTotals _delivered;
    private readonly RunningTotals _dropped;
    private readonly RunningTotals _sourceFailures;
    private long _missed;
    private readonly Dictionary<GaugeDef, HashSet<string>> _shown = [];

    /// <summary>Registers the daemon's metrics.</summary>
    /// <param name="instruments">Where.</param>
    /// <param name="version">Version of the daemon.</param>
    /// <param name="sdk">Version of the plugin contract.</param>
    /// <param name="kernel">Kernel release.</param>
    internal SelfMetrics(Instruments instruments, string version, string sdk, string kernel)
    {
        _own = instruments.Register("pmoas", SelfMetricDefs.All);
        _restarts = new RunningTotals(_own.Counter(SelfMetricDefs.Restarts));
        _runs = new RunningTotals(_own.Counter(SelfMetricDefs.ProgramRuns));
        _runSeconds = new RunningTotals(_own.Counter(SelfMetricDefs.ProgramSeconds), SelfMetricDefs.ProgramSeconds.Scale);
        _skipped = new RunningTotals(_own.Counter(SelfMetricDefs.ProgramSkips));
        _attempts = new RunningTotals(_own.Counter(SelfMetricDefs.RingAttempts));
        _delivered = new RunningTotals(_own.Counter(SelfMetricDefs.RingDelivered));
        _dropped = new RunningTotals(_own.Counter(SelfMetricDefs.RingDropped));
        _sourceFailures = new RunningTotals(_own.Counter(SelfMetricDefs.SourceFailures));
        _own.Counter(SelfMetricDefs.ContainersMissed).Add(0);
        _own.Gauge(SelfMetricDefs.BuildInfo).Set(1, version, sdk, kernel);
        foreach (string result in SelfMetricDefs.ConfigReloads.Labels[0].Values)
        {
            _own.Counter(SelfMetricDefs.ConfigReloads).Add(0, result);
        }
    }

    /// <summary>Counts what becomes of traces.</summary>
    internal TraceCounters Traces =>
        new(_own.Counter(SelfMetricDefs.TracesExported), _own.Counter(SelfMetricDefs.TraceSpansExported), _own.Counter(SelfMetricDefs.TracesDropped));

    /// <summary>Counts an attempt to read the configuration.</summary>
    /// <param name="ok">False when it had errors and the old one stays in use.</param>
    /// <param name="at">When; kept only for a good one.</param>
    internal void ConfigReloaded(bool ok, DateTimeOffset at)
    {
        _own.Counter(SelfMetricDefs.ConfigReloads).Add(1, ok ? "ok" : "error");
        if (ok)
        {
            ConfigInUse(at);
        }
    }

    /// <summary>Notes when the configuration in use was read: at the start, this is no reload.</summary>
    internal void ConfigInUse(DateTimeOffset readAt) =>
        _own.Gauge(SelfMetricDefs.ConfigReloadTime).Set(readAt.ToUnixTimeMilliseconds() / 1000.0);

    /// <summary>Notes how long a scrape took; it shows at the next.</summary>
    internal void ScrapeTook(TimeSpan time) => _own.Histogram(SelfMetricDefs.ScrapeSeconds).Observe(time.TotalSeconds, 1);

    /// <summary>Brings plugins and containers up to date.</summary>
    internal void Update(IReadOnlyList<PluginFacts> plugins, IContainerIndex containers)
    {
        foreach (PluginFacts plugin in plugins)
        {
            _restarts.Follow(plugin.Plugin, "", 0, (ulong)plugin.Restarts);
            foreach (ProgramFact program in plugin.Programs)
            {
                _skipped.Follow(plugin.Plugin, program.Program, plugin.Restarts, program.Skipped);
                if (program.Runs > 0)
                {
                    _runs.Follow(plugin.Plugin, program.Program, plugin.Restarts, program.Runs);
                    _runSeconds.Follow(plugin.Plugin, program.Program, plugin.Restarts, program.Nanoseconds);
                }
            }

            foreach (RingFact ring in plugin.Rings)
            {
                _attempts.Follow(plugin.Plugin, ring.Ring, plugin.Restarts, ring.Attempts);
                _delivered.Follow(plugin.Plugin, ring.Ring, plugin.Restarts, ring.Delivered);
                _dropped.Follow(plugin.Plugin, ring.Ring, plugin.Restarts, ring.Dropped);
            }
        }

        Show(SelfMetricDefs.State, from plugin in plugins from state in States select (state == plugin.State ? 1.0 : 0, new[] { plugin.Plugin, state }));
        Show(SelfMetricDefs.Hook, from plugin in plugins from hook in plugin.Hooks select (1.0, new[] { plugin.Plugin, hook.Hook, hook.Program, hook.Kind }));
        Show(SelfMetricDefs.MapEntries, from plugin in plugins from map in plugin.Maps select ((double)map.Entries, new[] { plugin.Plugin, map.Map }));
        Show(SelfMetricDefs.MapCapacity, from plugin in plugins from map in plugin.Maps select ((double)map.Capacity, new[] { plugin.Plugin, map.Map }));
        Show(SelfMetricDefs.Containers, Roles.Select(role => (
            (double)containers.All.Count(container => ContainerLabels.Text(container.Role) == role), new[] { role })));
    }

    /// <summary>Brings what is known of the pods up to date.</summary>
    internal void Update(PodFacts pods)
    {
        _own.Gauge(SelfMetricDefs.ContainersNameless).Set(pods.Nameless);
        _own.Gauge(SelfMetricDefs.TaggedCgroups).Set(pods.Tagged);
        _own.Counter(SelfMetricDefs.ContainersMissed).Add(pods.Missed - _missed);
        _missed = pods.Missed;
        foreach (SourceFact source in pods.Sources)
        {
            _sourceFailures.Follow(source.Source, source.Endpoint, 0, (ulong)source.Failures);
        }

        Show(SelfMetricDefs.SourceUp, pods.Sources.Select(source => (source.IsUp ? 1.0 : 0, new[] { source.Source, source.Endpoint })));
        Show(SelfMetricDefs.SourceAge, pods.Sources.Select(source => (source.Age.TotalSeconds, new[] { source.Source, source.Endpoint })));
        Show(SelfMetricDefs.SourcePods, pods.Sources.Select(source => ((double)source.Pods, new[] { source.Source, source.Endpoint })));
    }

    /// <summary>Sets exactly these series of a gauge; the ones set last time and not now end.</summary>
    private void Show(GaugeDef def, IEnumerable<(double Value, string[] Labels)> series)
    {
        Gauge gauge = _own.Gauge(def);
        HashSet<string> now = [];
        foreach ((double value, string[] labels) in series)
        {
            gauge.Set(value, labels);
            now.Add(string.Join('\0', labels));
        }

        foreach (string gone in _shown.GetValueOrDefault(def, []).Except(now))
        {
            gauge.Remove(gone.Split('\0'));
        }

        _shown[def] = now;
    }
}
