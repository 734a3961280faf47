using System.Diagnostics;
using System.Reflection;

namespace Pmoas.Host.Demo;

/// <summary>The daemon as a child of the demo: this same executable with the verb <c>run</c>.</summary>
internal sealed class DemoDaemon : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = Patience.Of(TimeSpan.FromSeconds(30));
    private static readonly TimeSpan StopPatience = Patience.Of(TimeSpan.FromSeconds(1));

    private readonly HttpClient _http;
    private readonly PodBed _bed;
    private readonly Process _process;

    private DemoDaemon(PodBed bed, Process process, HttpClient http)
    {
        (_bed, _process, _http) = (bed, process, http);
    }

    /// <summary>The configuration it runs with, for whoever wants to look at the same pod by another verb.</summary>
    internal string ConfigPath => Path.Combine(_bed.Plan.Directory, "pmoas.toml");

    /// <summary>Starts it with a config that declares the bed's pod and has Accept alone; returns when <c>/readyz</c> says so.</summary>
    /// <exception cref="DemoException">It ended or did not become ready; the message has its last lines.</exception>
    internal static async Task<DemoDaemon> StartAsync(PodBed bed, DemoOptions options, CancellationToken cancellation)
    {
        string config = bed.Plan.Write("pmoas.toml", ConfigOf(bed, "accept"));
        string self = Environment.ProcessPath!;
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [self, Assembly.GetExecutingAssembly().Location] : [self];

        // setsid: Ctrl-C is for the demo, which stops its daemon itself.
        string[] arguments =
        [
            "/bin/sh", "-c", $"exec \"$@\" </dev/null >'{LogOf(bed)}' 2>&1", "pmoas",
            .. program, "run", "--config", config, "--plugins", options.PluginsDir, "--listen", options.Listen,
        ];
        HttpClient http = new() { BaseAddress = new Uri($"http://{options.Listen}/"), Timeout = TimeSpan.FromSeconds(5) };
        DemoDaemon daemon = new(bed, Process.Start(new ProcessStartInfo(Executable.Find("setsid"), arguments))!, http);
        bool ready = false;
        try
        {
            await daemon.WaitUntilReadyAsync(cancellation);
            ready = true;
            return daemon;
        }
        finally
        {
            if (!ready)
            {
                await daemon.DisposeAsync();
            }
        }
    }

    /// <summary>Has it switch on what shows resources and the network stack too, by an edit of its configuration.</summary>
    internal void WatchEverything()
    {
        // Renamed into place, so that it never reads half of it.
        string edit = _bed.Plan.Write("pmoas.toml.new", ConfigOf(_bed, "accept", "resource_usage", "stack_trace"));
        File.Move(edit, ConfigPath, overwrite: true);
    }

    /// <summary>Reads <c>/metrics</c>.</summary>
    internal async Task<Scrape> ScrapeAsync(CancellationToken cancellation)
    {
        ThrowIfEnded();
        return Scrape.Parse(await _http.GetStringAsync("metrics", cancellation));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Signals.Send(_process.Id, Signals.Terminate);
            using CancellationTokenSource timeout = new(StopPatience);
            await _process.WaitForExitAsync(timeout.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync(cancellation))
        {
            ThrowIfEnded();
            if (Stopwatch.GetElapsedTime(began) > ReadyWithin)
            {
                throw new DemoException($"The daemon is not ready after {ReadyWithin.TotalSeconds} s; it wrote: {LogTail()}");
            }

            await Task.Delay(20, cancellation);
        }

        // Somebody else's daemon on this address would answer in place of ours, which could not listen and ends.
        ThrowIfEnded();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync("readyz", cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }

    private void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new DemoException($"The daemon ended with code {_process.ExitCode}; it wrote: {LogTail()}");
        }
    }

    private static string ConfigOf(PodBed bed, params string[] plugins) =>
        bed.StaticPodToml() + string.Concat(plugins.Select(plugin => $"\n[plugins.{plugin}]\n"));

    private static string LogOf(PodBed bed) => Path.Combine(bed.Plan.Directory, "pmoas.log");

    private string LogTail() => File.Exists(LogOf(_bed)) ? string.Join(" | ", File.ReadLines(LogOf(_bed)).TakeLast(8)) : "";
}
