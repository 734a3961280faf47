using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Pmoas.EndToEnd;

/// <summary>The built <c>pmoas</c> as a process. Killed when disposed, whatever happened.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Site _site;
    private readonly StringBuilder _error = new();
    private readonly StringBuilder _output = new();

    private HostProcess(Site site, Process process)
    {
        (_site, _process) = (site, process);
        process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Standard error so far: the log.</summary>
    public string Log => Text(_error);

    public string Output => Text(_output);

    /// <summary>Starts a verb; <c>--plugins</c> and, where the verb reads one, <c>--config</c> are the site's, unless another config is named.</summary>
    public static HostProcess Start(
        Site site, string verb, string? badAt = null, string[]? arguments = null, IReadOnlyDictionary<string, string>? environment = null, string? config = null)
    {
        string[] configuration = verb.Split(' ')[0] is "run" or "check" or "monitor" or "pods" ? ["--config", config ?? site.Config] : [];
        string[] plugins = verb == "top" ? [] : ["--plugins", site.Plugins];
        ProcessStartInfo start = new(Built.Host, [.. verb.Split(' '), .. configuration, .. plugins, .. arguments ?? []])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PMOAS_BAD_PROBE"] = badAt;
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new HostProcess(site, new Process { StartInfo = start });
    }

    /// <summary>Runs a verb to its end, which must be a good one, and takes its JSON.</summary>
    public static async Task<JsonElement> JsonOfAsync(Site site, string verb, params string[] arguments)
    {
        await using HostProcess process = Start(site, verb, arguments: [.. arguments, "-o", "json"]);
        int code = await process.ExitAsync();
        Assert.True(code == 0, $"pmoas {verb} ended with {code}:\n{process.Log}");
        return JsonDocument.Parse(process.Output).RootElement;
    }

    /// <summary>Starts the daemon and waits until it is ready.</summary>
    public static async Task<HostProcess> RunAsync(Site site, string? badAt = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        HostProcess daemon = Start(site, "run", badAt, environment: environment);
        try
        {
            await daemon.UntilAsync(async () => await daemon.StatusAsync("/readyz") == HttpStatusCode.OK, "ready", seconds: 60);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync(); // the test has nothing to dispose yet
            throw;
        }
    }

    public Task<string> MetricsAsync() => Answer.Http.GetStringAsync(new Uri($"http://127.0.0.1:{_site.Port}/metrics"));

    /// <summary>Status of an address; null while nobody listens.</summary>
    public Task<HttpStatusCode?> StatusAsync(string path) => Answer.StatusAsync(new Uri($"http://127.0.0.1:{_site.Port}{path}"));

    /// <summary>Waits until /metrics has this line.</summary>
    public Task UntilMetricAsync(string line) =>
        UntilAsync(async () => (await MetricsAsync()).Split('\n').Contains(line), $"the metric {line}");

    public Task UntilLogAsync(string text, int seconds = 20) =>
        UntilAsync(() => Task.FromResult(Log.Contains(text, StringComparison.Ordinal)), $"the log line {text}", seconds);

    /// <summary>Waits; the log is part of the failure.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 20)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.False(_process.HasExited, $"pmoas ended before it came to {what}:\n{Log}{Output}");
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(seconds), $"{seconds} s without {what}:\n{Log}{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Sends a signal, by its name.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end, at most 20 s.</summary>
    /// <returns>The exit code; 128 + n after signal n.</returns>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
