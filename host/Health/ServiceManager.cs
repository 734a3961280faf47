using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace Pmoas.Host.Health;

/// <summary>
/// What systemd, or whoever else started the daemon and left a NOTIFY_SOCKET, is told of it. Does nothing where nobody did. Thread-safe.
/// </summary>
/// <remarks>
/// The hosting library's own lifetime tells readiness and the end, and only where the parent is systemd; a reload and the watchdog it does
/// not know, so all is told here.
/// </remarks>
internal sealed class ServiceManager : IAsyncDisposable
{
    private readonly ISystemdNotifier _socket;
    private readonly ILiveness _liveness;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _feeding = Task.CompletedTask;

    /// <summary>Finds out who wants to be told.</summary>
    /// <param name="socket">The way there.</param>
    /// <param name="liveness">What the watchdog is fed by.</param>
    /// <param name="loggers">Makes the logger.</param>
    public ServiceManager(ISystemdNotifier socket, ILiveness liveness, ILoggerFactory loggers) =>
        (_socket, _liveness, _logger) = (socket, liveness, loggers.CreateLogger("pmoas.health"));

    /// <summary>The configuration is in effect, for the first time or again. Begins to feed the watchdog.</summary>
    /// <param name="status">What <c>systemctl status</c> shows, one line.</param>
    public void Ready(string status)
    {
        Tell($"READY=1\nSTATUS={status}");
        if (_feeding.IsCompleted && WatchdogLimit() is { } limit)
        {
            _feeding = FeedAsync(limit / 3); // two may be late
        }
    }

    /// <summary>The configuration is being read again; <see cref="Ready"/> has to follow.</summary>
    public void Reloading() => Tell(string.Create(CultureInfo.InvariantCulture,
        $"RELOADING=1\nMONOTONIC_USEC={(long)Stopwatch.GetElapsedTime(0).TotalMicroseconds}"));

    /// <summary>The end has begun.</summary>
    public void Stopping() => Tell("STOPPING=1");

    /// <summary>The watchdog is not fed any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    /// <summary>On the thread pool, as HTTP is: should that come to a halt, the watchdog notices.</summary>
    private async Task FeedAsync(TimeSpan every)
    {
        using PeriodicTimer timer = new(every);
        string? told = null;
        do
        {
            if (_liveness.StuckBecause is not { } stuck)
            {
                Tell("WATCHDOG=1");
                told = null;
            }
            else if (told is null)
            {
                told = stuck;
                _logger.LogCritical("{Stuck}: the watchdog is not fed until it ends", stuck);
                Tell($"STATUS={stuck}");
            }
        }
        while (await timer.WaitForNextTickAsync(_stopping.Token));
    }

    private void Tell(string state)
    {
        try
        {
            _socket.Notify(new ServiceState(state));
        }
        catch (SocketException e)
        {
            _logger.LogWarning("NOTIFY_SOCKET takes no message: {Reason}", e.Message);
        }
    }

    /// <summary>Within what time the watchdog has to be fed; null when there is none for this process.</summary>
    private static TimeSpan? WatchdogLimit() =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
}
