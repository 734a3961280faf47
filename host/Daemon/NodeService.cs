using System.Runtime.InteropServices;
using System.Threading.Channels;
using Pmoas.Host.Config;
using Pmoas.Host.Exposition;
using Pmoas.Host.Health;
using Pmoas.Host.Plugins;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Daemon;

/// <summary>
/// The daemon's work inside the generic host: brings the plugins up once HTTP listens, reloads on SIGHUP and on an edit, and ends
/// everything before the process does. The service manager is told when a configuration is in effect, the first one or another.
/// </summary>
internal sealed class NodeService(
    NodeWatch node, Setup setup, ServiceManager manager, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    : IHostedLifecycleService, IReadiness, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger("pmoas.config");
    private readonly Channel<PmoasOptions> _edits = Channel.CreateUnbounded<PmoasOptions>(new() { SingleReader = true });
    private ConfigWatch? _watch;
    private PosixSignalRegistration? _hangUp;
    private Task _applying = Task.CompletedTask;
    private volatile string? _notReady = "plugins are being started";

    /// <inheritdoc/>
    public string? NotReadyBecause => _notReady;

    /// <summary>Becomes 1 when the daemon ended itself because it could not go on.</summary>
    public int ExitCode { get; private set; }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        await node.ApplyAsync(setup.Options);
        WarnWhenIdle(setup.Options);
        node.Self.ConfigInUse(DateTimeOffset.UtcNow);
        _watch = new ConfigWatch(setup.File, setup.Options, setup.Judge, _logger, TimeProvider.System);
        _watch.Changed += (_, options) =>
        {
            node.Self.ConfigReloaded(ok: true, DateTimeOffset.UtcNow);
            manager.Reloading();
            _edits.Writer.TryWrite(options);
        };
        _watch.Rejected += errors =>
        {
            node.Self.ConfigReloaded(ok: false, DateTimeOffset.UtcNow);
            manager.Reloading();
            TellReady($"; the last edit was not taken: {errors[0]}");
        };
        _applying = ApplyEditsAsync();
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _watch.Reload();
        });
        _ = node.PodsEnded.ContinueWith(GiveUp, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _notReady = null;
        TellReady();
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _notReady = "stopping";
        manager.Stopping();
        Dispose();
        _edits.Writer.Complete();
        await _applying; // the node itself ends with the services, after HTTP
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>No edit is noticed after this.</summary>
    public void Dispose()
    {
        _hangUp?.Dispose();
        _watch?.Dispose();
    }

    /// <summary>One edit after the other: a plugin is not told to stop while it is being started.</summary>
    private async Task ApplyEditsAsync()
    {
        await foreach (PmoasOptions options in _edits.Reader.ReadAllAsync())
        {
            try
            {
                await node.ApplyAsync(options);
                WarnWhenIdle(options);
            }
            catch (BpfException e)
            {
                _logger.LogError("the new configuration is in effect but for one thing: {Reason}", e.Message);
            }

            TellReady();
        }
    }

    private void TellReady(string but = "")
    {
        IEnumerable<string> running = node.Plugins.All.Where(plugin => plugin.State == PluginState.Running).Select(plugin => plugin.Name);
        manager.Ready($"running: {string.Join(", ", running.DefaultIfEmpty("no plugin"))}{but}");
    }

    private void WarnWhenIdle(PmoasOptions options)
    {
        foreach (string reason in setup.WhyIdle(options))
        {
            _logger.LogWarning("nothing is measured: {Reason}", reason);
        }
    }

    private void GiveUp(Task pods)
    {
        _logger.LogCritical("the pods of this node cannot be watched any more: {Reason}", pods.Exception!.InnerException!.Message);
        ExitCode = 1;
        lifetime.StopApplication();
    }
}
