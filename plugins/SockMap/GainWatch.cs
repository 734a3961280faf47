using Microsoft.Extensions.Logging;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.SockMap;

/// <summary>
/// Compares, every few seconds and on a thread of its own, each container's accelerated connections with its control group; shows the gain,
/// and leaves a container alone when there is none. It also tells the kernel which containers are chosen.
/// </summary>
internal sealed partial class GainWatch : IDisposable
{
    private static readonly TimeSpan Choose = TimeSpan.FromMilliseconds(250);
    private const int ComparedEvery = 8;

    private readonly SockMapOptions _options;
    private readonly IContainerIndex _index;
    private readonly ILogger _logger;
    private readonly Acceleration _acceleration;
    private readonly TurnReader _turns;
    private readonly ChosenContainers _chosen;
    private readonly ContainerSeries<ContainerGain> _gains;
    private readonly Gauge _enabled;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;

    /// <summary>Begins at once.</summary>
    internal GainWatch(SockMapOptions options, ProbeContext context, Acceleration acceleration)
    {
        (_options, _index, _logger, _acceleration) = (options, context.Containers, context.Logger, acceleration);
        Gauge ratio = context.Gauge(SockMapMetrics.GainRatio), rolledBack = context.Gauge(SockMapMetrics.RolledBack);
        _enabled = context.Gauge(SockMapMetrics.Enabled);
        _turns = new TurnReader(context.Bpf);
        _chosen = new ChosenContainers(options, _index, context.Bpf.Map("chosen"));
        _gains = ContainerSeries.ByContainer(_index, (_, series) => new ContainerGain(options, series, ratio, rolledBack), static _ => { });
        _chosen.Update();
        _watch = Task.Run(WatchAsync);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _watch.GetAwaiter().GetResult();
        _gains.End();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            for (int round = 1; !_stop.IsCancellationRequested; round++)
            {
                _chosen.Update();
                if (round % ComparedEvery == 0 && _options.ControlPercent > 0)
                {
                    Compare();
                }

                await Task.Delay(Choose, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e)
        {
            // Nobody would undo a harm any more: so nothing new is begun.
            _acceleration.Disable();
            _enabled.Set(0);
            LogStopped(e.Message);
        }
    }

    private void Compare()
    {
        _gains.Update();
        var time = TimeSpan.FromMilliseconds(Environment.TickCount64);
        _turns.Read((id, sums) =>
        {
            if (_index.TryGet(id, out Container? container) && _gains.TryGet(container, out ContainerGain? gain)
                && gain.Look(sums, time) is { } reason)
            {
                _chosen.RollBack(id);
                LogRolledBack(
                    $"{container.Namespace}/{container.Pod}/{container.Name}",
                    reason == RollbackReason.Latency
                        ? $"its turns take {gain.Ratio:0.00} times as long as on TCP"
                        : "its accelerated connections fail more often than the others",
                    _options.RollbackAfter);
            }
        });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Container} is left alone from now on: {Reason}, for {Time}; its new connections go by TCP")]
    private partial void LogRolledBack(string container, string reason, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Error, Message = "the comparison with TCP ended, so no new connections are accelerated: {Reason}")]
    private partial void LogStopped(string reason);

    /// <summary>What is shown of one container.</summary>
    private sealed class ContainerGain(SockMapOptions options, OwnedSeries series, Gauge ratio, Gauge rolledBack)
    {
        private readonly Comparison _comparison = new(options);
        private readonly OwnedGauge _ratio = series.Gauge(ratio);
        private readonly OwnedGauge _latency = series.Gauge(rolledBack, "latency");
        private readonly OwnedGauge _errors = series.Gauge(rolledBack, "errors");
        private bool _isRolledBack;

        internal double? Ratio => _comparison.Ratio;

        internal RollbackReason? Look(TurnSums sums, TimeSpan time)
        {
            if (_isRolledBack || (sums.Accelerated.Connections == 0 && sums.Control.Connections == 0))
            {
                return null;
            }

            RollbackReason? reason = _comparison.Look(sums, time);
            if (_comparison.Ratio is { } known)
            {
                _ratio.Set(known);
            }

            _isRolledBack = reason is not null;
            _latency.Set(reason == RollbackReason.Latency ? 1 : 0);
            _errors.Set(reason == RollbackReason.Errors ? 1 : 0);
            return reason;
        }
    }
}
