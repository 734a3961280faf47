using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>
/// One probe's life: started with its options, started anew after a fault with a growing pause, ended with everything released.
/// Its properties may be read from any thread; <see cref="Start"/> and <see cref="StopAsync"/> are called by one.
/// </summary>
internal sealed class ProbeRun(ImportedPlugin plugin, ProbeServices services) : IAsyncDisposable
{
    private readonly ILogger _logger = services.Loggers.CreateLogger("pmoas." + plugin.Name);
    private readonly Lock _gate = new();
    private CancellationTokenSource? _stopping;
    private Task _life = Task.CompletedTask;
    private TaskCompletionSource _settled = new();
    private ProbeSession? _session;
    private int _starts;
    private volatile string _reason = "";
    private string _logged = "";

    /// <summary>Where it is in its life.</summary>
    public PluginState State { get; private set; } = PluginState.Imported;

    /// <summary>Why it is unsupported or faulted; empty otherwise.</summary>
    public string Reason => _reason;

    /// <summary>How often it was started anew: after a fault, with other options, or switched on again.</summary>
    public int Restarts => Math.Max(0, _starts - 1);

    /// <summary>Begins the life; returns at once.</summary>
    /// <param name="options">An instance of the manifest's options type, or null when it names none.</param>
    public void Start(object? options)
    {
        _stopping = new CancellationTokenSource();
        _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken stopping = _stopping.Token;
        _life = Task.Run(() => LiveAsync(options, stopping), CancellationToken.None);
    }

    /// <summary>Looks at what runs now, which is not released meanwhile. Null when nothing runs.</summary>
    public T? Look<T>(Func<ProbeSession, T> look) where T : class
    {
        lock (_gate)
        {
            return _session is null ? null : look(_session);
        }
    }

    /// <summary>Ends what runs now, as a fault; it is started anew after a pause. Returns at once.</summary>
    public void Fault(PluginException fault)
    {
        lock (_gate)
        {
            _session?.End(fault);
        }
    }

    /// <summary>Completes when the first start came to an end: running, unsupported or faulted.</summary>
    public Task SettledAsync() => _settled.Task;

    /// <summary>Ends the life; when the task completes everything is detached and released.</summary>
    public async Task StopAsync()
    {
        if (_stopping is null)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _life;
        _stopping.Dispose();
        _stopping = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task LiveAsync(object? options, CancellationToken stopping)
    {
        int faults = 0;
        while (!stopping.IsCancellationRequested)
        {
            long begun = services.Time.GetTimestamp();
            try
            {
                using ProbeSession session = Begin(options);
                try
                {
                    Show(session);
                    Enter(PluginState.Running);
                    _logger.LogInformation("version {Version} running; hooks: {Hooks}", plugin.Version, HookText.Of(session.Hooks));
                    throw await session.Fault.WaitAsync(stopping);
                }
                finally
                {
                    Show(null);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (PluginException fault)
            {
                Tell(fault);
                if (fault.State == PluginState.Unsupported)
                {
                    return;
                }
            }

            if (services.Time.GetElapsedTime(begun) >= Backoff.Well)
            {
                (faults, _logged) = (0, "");
            }

            faults++;
            await Task.Delay(Backoff.Pause(faults, Random.Shared.NextDouble()), services.Time, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Enter(PluginState.Stopped);
    }

    /// <summary>A new probe, configured, loaded, attached and started.</summary>
    private ProbeSession Begin(object? options)
    {
        ProbeManifest manifest = plugin.Manifest;
        if (KernelVersion.Current < manifest.MinimumKernel)
        {
            throw new PluginException(PluginState.Unsupported,
                $"needs kernel {manifest.MinimumKernel} or newer; this one is {KernelVersion.Release}.");
        }

        _starts++;
        IProbe probe = plugin.Create();
        ProbeSettings settings = new(options, live: services.Live is not null, traced: services.Traces is not null, services.Live?.Conditions);
        AttachedHooks? attached = Attach(probe, settings);
        Enter(PluginState.Attached);
        ProbeSession session = new(plugin, attached, services, _logger) { Check = probe as IProbeCheck };
        try
        {
            PluginBorder.Call("Start", () => probe.Start(session));
            session.Activate();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private AttachedHooks? Attach(IProbe probe, ProbeSettings settings)
    {
        if (plugin.KernelObject.IsEmpty)
        {
            PluginBorder.Call("Configure", () => probe.Configure(BpfObject.None, settings));
            Enter(PluginState.Configured);
            return null;
        }

        // The ladder opens the object more than once while it tries; the probe configures each.
        void Configure(BpfObject opened)
        {
            services.Identity.ShareWith(opened);
            PluginBorder.Call("Configure", () => probe.Configure(opened, settings));
            Enter(PluginState.Configured);
        }

        try
        {
            IReadOnlyList<Hook> hooks = PluginBorder.Call("HooksFor", () => probe.HooksFor(settings));
            AttachedHooks attached = HookLadder.Attach(plugin.KernelObject, plugin.Manifest.BpfResource!, hooks, Configure, _logger);
            Enter(PluginState.Loaded);
            return attached;
        }
        catch (BpfException e)
        {
            throw new PluginException(PluginState.Faulted, e.Message, e);
        }
    }

    private void Tell(PluginException fault)
    {
        _reason = fault.Message;
        if (_logged != fault.Message)
        {
            // Once: a probe that is tried again every minute must not fill the log with the same sentence.
            _logged = fault.Message;
            _logger.LogError("{State}: {Reason}", StateText.Of(fault.State), fault.Message);
        }

        Enter(fault.State);
    }

    private void Show(ProbeSession? session)
    {
        lock (_gate)
        {
            _session = session;
        }
    }

    private void Enter(PluginState state)
    {
        if (state is PluginState.Running or PluginState.Stopped)
        {
            _reason = "";
        }

        State = state;
        if (state is PluginState.Running or PluginState.Stopped or PluginState.Unsupported or PluginState.Faulted)
        {
            _settled.TrySetResult();
        }
    }
}
