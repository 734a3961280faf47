using System.Net;

namespace Pmoas.EndToEnd.Health;

/// <summary>What the daemon tells whoever started it; tests/vm has the same with a real systemd.</summary>
public sealed class ServiceManagerTests : IAsyncDisposable
{
    private readonly Site _site = new();
    private readonly NotifySocket _socket;

    public ServiceManagerTests() => _socket = new NotifySocket(Path.Combine(_site.Folder, "notify"));

    public async ValueTask DisposeAsync()
    {
        await _socket.DisposeAsync();
        _site.Dispose();
    }

    [Fact]
    public async Task tells_readiness_every_reload_and_the_end_and_feeds_the_watchdog_meanwhile()
    {
        _site.Install(Built.BadProbe, "BadProbe");
        _site.Write("[plugins.bad_probe]\nlevel = 3");
        await using HostProcess daemon = await HostProcess.RunAsync(_site, environment: Environment(watchdogSeconds: 3));
        await daemon.UntilAsync(() => Said("READY=1", 1), "READY=1");
        await daemon.UntilAsync(() => Said("WATCHDOG=1", 3), "fed watchdog");
        Assert.Equal(["READY=1", "STATUS=running: bad_probe"], _socket.LinesBut("WATCHDOG="));

        daemon.Signal("HUP");
        await daemon.UntilAsync(() => Said("READY=1", 2), "the reload");
        string[] reload = _socket.LinesBut("WATCHDOG=")[2..];
        Assert.Equal("RELOADING=1", reload[0]);
        // As systemd asks: CLOCK_MONOTONIC, in microseconds.
        long since = long.Parse(reload[1]["MONOTONIC_USEC=".Length..], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(0).TotalMicroseconds - since, 0, 20_000_000);
        Assert.Equal(["READY=1", "STATUS=running: bad_probe"], reload[2..]);

        _site.Write("[plugins.bad_probe]\nlevel = 101");
        await daemon.UntilAsync(() => Said("READY=1", 3), "the refused edit");
        Assert.StartsWith($"STATUS=running: bad_probe; the last edit was not taken: {_site.Config}:4:1: plugins.bad_probe.level: 101", _socket.LinesBut("WATCHDOG=")[^1], StringComparison.Ordinal);

        daemon.Signal("TERM");
        Assert.Equal(0, await daemon.ExitAsync());
        Assert.Equal("STOPPING=1", (await _socket.EndAsync())[^1]);
    }

    [Theory]
    [InlineData("hang_collect", "collecting from plugin bad_probe")]
    [InlineData("hang_event", "handling the events of plugin bad_probe")]
    public async Task does_not_feed_the_watchdog_while_a_plugin_hangs_and_healthz_says_which(string badAt, string what)
    {
        _site.Install(Built.BadProbe, "BadProbe");
        _site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(_site, badAt, Environment(watchdogSeconds: 3));
        Uri healthz = new($"http://127.0.0.1:{_site.Port}/healthz");
        Assert.Equal("ok\n", await Answer.Http.GetStringAsync(healthz));

        // The scrape runs the callback; its connection makes the event.
        await Answer.StatusAsync(new Uri(healthz, "/metrics"));
        await daemon.UntilAsync(async () => await daemon.StatusAsync("/healthz") == HttpStatusCode.ServiceUnavailable, "ill health", 30);
        using HttpResponseMessage ill = await Answer.Http.GetAsync(healthz, TestContext.Current.CancellationToken);
        Assert.Matches($"^{what} takes 1[5-9] s already\n$", await ill.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        await daemon.UntilAsync(() => Task.FromResult(_socket.LinesBut("WATCHDOG=")[^1].StartsWith($"STATUS={what} takes ", StringComparison.Ordinal)), "the status");
        int fed = _socket.Count("WATCHDOG=1");
        Assert.True(fed >= 10, $"fed {fed} times in 15 s");
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal(fed, _socket.Count("WATCHDOG=1"));
        Assert.Contains("the watchdog is not fed until it ends", daemon.Log, StringComparison.Ordinal);
    }

    private Dictionary<string, string> Environment(int watchdogSeconds) => new()
    {
        ["NOTIFY_SOCKET"] = _socket.Path,
        ["WATCHDOG_USEC"] = $"{watchdogSeconds}000000",
    };

    private Task<bool> Said(string line, int times) => Task.FromResult(_socket.Count(line) >= times);
}
