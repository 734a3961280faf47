using Pmoas.Host.Config;
using Pmoas.Host.Exposition;
using Pmoas.Host.Health;
using Pmoas.Host.Identity;
using Pmoas.Host.Live;
using Pmoas.Host.Plugins;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Host.Pods.Sources.Kubernetes;
using Pmoas.Host.Traces;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Daemon;

/// <summary>
/// Everything that watches this node, with or without HTTP around it: the tag maps, the pods, the plugins, the ring thread and the
/// metrics. <see cref="ApplyAsync"/> may come from any thread, one at a time; dispose detaches all.
/// </summary>
internal sealed class NodeWatch : ILiveness, IAsyncDisposable
{
    private readonly Setup _setup;
    private readonly KernelIdentity _identity;
    private readonly CgroupEvents _cgroups;
    private readonly PodWatch _podWatch;
    private readonly RingThread _rings;
    private readonly TraceExport? _traces;
    private readonly CancellationTokenSource _stopping = new();
    private readonly LoopClock _looks = new("looking at the pods", LoopClock.UsualLimit, TimeProvider.System);
    private readonly LoopClock _drains = new("handling the events of plugin", LoopClock.UsualLimit, TimeProvider.System);
    private readonly LoopClock _collects = new("collecting from plugin", LoopClock.UsualLimit, TimeProvider.System);

    // The kernel's verifier may take seconds for one program, and several plugins may have many.
    private readonly LoopClock _applies = new("putting the configuration into effect", TimeSpan.FromMinutes(2), TimeProvider.System);
    private KernelStatistics? _statistics;

    /// <summary>Loads the tag maps and begins to look for pods; no plugin runs before <see cref="ApplyAsync"/>.</summary>
    /// <param name="setup">What the user set up.</param>
    /// <param name="live">Makes the place where a person watches events; null in the daemon.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <exception cref="BpfException">The kernel refused the tag maps.</exception>
    public NodeWatch(Setup setup, Func<PodDirectory, LiveOutput>? live, ILoggerFactory loggers)
    {
        NativeHeap.ReturnLargeBlocks();
        PmoasOptions options = setup.Options;
        ILogger log = loggers.CreateLogger("pmoas.pods");
        var tree = CgroupTree.Detect();
        _setup = setup;
        _identity = KernelIdentity.Load(tree.Mode, loggers.CreateLogger("pmoas.identity"));
        Pods = new PodDirectory(_identity, tree, options.SidecarRules, options.Daemon.ContainerLinger, log, TimeProvider.System);
        Pods.Changed += change => log.LogInformation("{Namespace}/{Pod}/{Container} {Event}: {Role}, {Reason}",
            change.Container.Namespace, change.Container.Pod, change.Container.Name,
            change.Event.ToString().ToLowerInvariant(), RoleText.Of(change.Container.Role), change.Container.RoleReason);
        _cgroups = new CgroupEvents(tree, log);
        Sources = new SourceSet(Pods, tree, _cgroups, log, TimeProvider.System);
        _podWatch = new PodWatch(Pods, _cgroups, _looks);
        PodsEnded = WatchPodsAsync();

        LiveOutput? output = live?.Invoke(Pods);
        _rings = new RingThread(output, _drains);
        Scrapes = new ScrapeCycle((plugin, fault) => Plugins!.Fault(plugin, fault), _collects);
        Self = new SelfMetrics(Instruments, BuildVersion.Host, BuildVersion.Sdk, KernelVersion.Release);
        if (live is null && options.Traces.IsOn)
        {
            string node = options.Sources.Kubernetes.NodeName is { Length: > 0 } named ? named : ApiPlaces.OfProcess().NodeName;
            _traces = new TraceExport(options.Traces, Pods, node, Self.Traces, loggers.CreateLogger("pmoas.traces"));
        }

        Plugins = new PluginSet(setup.Catalog, new ProbeServices(
            _identity, Pods, Instruments, Scrapes, _rings, output, _traces, loggers, TimeProvider.System));
    }

    /// <summary>The pods and containers.</summary>
    public PodDirectory Pods { get; }

    /// <summary>Where the pods are learned from.</summary>
    public SourceSet Sources { get; }

    /// <summary>Ends, faulted, when the pods cannot be watched any more.</summary>
    public Task PodsEnded { get; }

    /// <summary>The plugins.</summary>
    public PluginSet Plugins { get; }

    /// <summary>Every metric.</summary>
    public Instruments Instruments { get; } = new();

    /// <summary>What happens before every exposition.</summary>
    public ScrapeCycle Scrapes { get; }

    /// <summary>The daemon's own metrics.</summary>
    public SelfMetrics Self { get; }

    /// <inheritdoc/>
    public string? StuckBecause => _looks.StuckBecause ?? _drains.StuckBecause ?? _collects.StuckBecause ?? _applies.StuckBecause;

    /// <summary>What the daemon's own metrics tell of each plugin.</summary>
    public IReadOnlyList<PluginFacts> PluginFacts() => [.. Plugins.All.Select(plugin => plugin.Facts())];

    /// <summary>What the daemon's own metrics tell of how pods are known.</summary>
    public PodFacts PodFacts() => new(
        [.. Sources.Statuses.Select(source => new SourceFact(source.Name, source.Endpoint, source.IsUp, source.Age, source.Pods, source.Failures))],
        Pods.Nameless, Pods.Missed, Pods.Tagged);

    /// <summary>Puts a configuration, already judged good, into effect. Completes when every plugin has settled.</summary>
    public async Task ApplyAsync(PmoasOptions options)
    {
        _applies.Begin("");
        try
        {
            await PutIntoEffectAsync(options);
        }
        finally
        {
            _applies.End();
        }
    }

    /// <summary>Ends the plugins, then what they stand on.</summary>
    public async ValueTask DisposeAsync()
    {
        await Plugins.DisposeAsync();
        _traces?.Dispose();
        _rings.Dispose();
        await Sources.DisposeAsync();
        await _stopping.CancelAsync();
        await PodsEnded.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _podWatch.Dispose();
        _cgroups.Dispose();
        _statistics?.Dispose();
        _identity.Dispose();
        _stopping.Dispose();
    }

    private async Task WatchPodsAsync() => await await Task.WhenAny(_podWatch.RunAsync(_stopping.Token), _cgroups.Ended);

    private async Task PutIntoEffectAsync(PmoasOptions options)
    {
        Pods.SetRules(options.SidecarRules, new PodFilter(options.Pods.IncludeNamespaces, options.Pods.ExcludeNamespaces));
        Pods.Linger = options.Daemon.ContainerLinger;
        await Sources.ApplyAsync(_setup.Sources(options), options.Pods.NamingTimeout);
        await Plugins.ApplyAsync(_setup.Enabled(options));
        if (!options.Daemon.BpfStatistics)
        {
            _statistics?.Dispose();
            _statistics = null;
        }
        else
        {
            _statistics ??= KernelStatistics.SwitchOn();
        }
    }
}
