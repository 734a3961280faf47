using Microsoft.Extensions.Logging;
using Pmoas.Host.Live;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>
/// One probe's life: started with its options, started anew after a fault with a growing pause, ended with everything released.
/// Its properties may be read from any thread; <see cref="Start"/> and <see cref="StopAsync"/> are called by one.
/// </summary>
internal sealed class ProbeRun(ImportedPlugin plugin, ProbeServices services)
{
    private readonly ILogger _logger = services.Loggers.CreateLogger("pmoas." + plugin.Name);
    private CancellationTokenSource? _stopping;
    private Task _life = Task.CompletedTask;
    private TaskCompletionSource _settled = new();
    private volatile ProbeSession? _session;
    private volatile string _reason = "";
    private string _logged = "";

    /// <summary>Where it is in its life.</summary>
    public PluginState State { get; private set; } = PluginState.Imported;

    /// <summary>Why it is unsupported or faulted; empty otherwise.</summary>
    public string Reason => _reason;

    /// <summary>How often it was started anew after a fault.</summary>
    public int Restarts { get; private set; }

    /// <summary>What runs now, or null.</summary>
    public ProbeSession? Session => _session;

    /// <summary>Begins the life; returns at once.</summary>
    /// <param name="options">An instance of the manifest's options type, or null when it names none.</param>
    public void Start(object? options)
    {
        _stopping = new CancellationTokenSource();
        _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken stopping = _stopping.Token;
        _life = Task.Run(() => LiveAsync(options, stopping), CancellationToken.None);
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

    private async Task LiveAsync(object? options, CancellationToken stopping)
    {
        int faults = 0;
        while (!stopping.IsCancellationRequested)
        {
            long begun = services.Time.GetTimestamp();
            try
            {
                using ProbeSession session = Begin(options);
                _session = session;
                Enter(PluginState.Running);
                _logged = "";
                ProbeLog.Running(_logger, plugin.Version, HookText.Of(session.Hooks));
                throw await session.Fault.WaitAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (PluginException fault)
            {
                Fault(fault);
                if (fault.State == PluginState.Unsupported)
                {
                    return;
                }
            }
            finally
            {
                _session = null;
            }

            faults = services.Time.GetElapsedTime(begun) >= Backoff.Well ? 1 : faults + 1;
            await Task.Delay(Backoff.Pause(faults, Random.Shared.NextDouble()), services.Time, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Restarts += stopping.IsCancellationRequested ? 0 : 1;
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

        IProbe probe = plugin.Create();
        ProbeSettings settings = new(options, services.Live is not null);
        AttachedHooks? attached = Attach(probe, settings);
        Enter(PluginState.Attached);
        ProbeSession session = new(plugin, attached, services, _logger);
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
            AttachedHooks attached = HookLadder.Attach(
                plugin.KernelObject, plugin.Manifest.BpfResource!, plugin.Manifest.Hooks, Configure, _logger);
            Enter(PluginState.Loaded);
            return attached;
        }
        catch (BpfException e)
        {
            throw new PluginException(PluginState.Faulted, e.Message, e);
        }
    }

    private void Fault(PluginException fault)
    {
        _reason = fault.Message;
        if (_logged != fault.Message)
        {
            // Once: a probe that is tried again every minute must not fill the log with the same sentence.
            _logged = fault.Message;
            ProbeLog.Ended(_logger, fault.State == PluginState.Unsupported ? "unsupported" : "faulted", fault.Message);
        }

        Enter(fault.State);
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
