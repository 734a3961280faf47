using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Pmoas.EndToEnd.Dashboards;

/// <summary>A real Prometheus on loopback that scrapes one daemon every second. Killed when disposed.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, int port) =>
        (_process, _http) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(10) });

    /// <summary>Starts it and returns when it answers.</summary>
    /// <param name="folder">Takes its files; the caller removes it.</param>
    /// <param name="target">Port of the daemon.</param>
    /// <param name="rules">Files of rules.</param>
    /// <param name="access">How it gets in: further keys of the scrape, each on a line; none by default.</param>
    internal static async Task<PrometheusServer> StartAsync(string folder, int target, IEnumerable<string> rules, params string[] access)
    {
        int port = Site.FreePort();
        string config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, $"""
            global: {"{"} scrape_interval: 1s, evaluation_interval: 1s {"}"}
            rule_files: [ {string.Join(", ", rules.Select(file => $"'{file}'"))} ]
            scrape_configs:
              - job_name: pmoas
                {string.Join("\n    ", access.Prepend("honor_labels: false"))}
                static_configs: [ {"{"} targets: [ '127.0.0.1:{target}' ] {"}"} ]

            """);
        string log = Path.Combine(folder, "prometheus.log");
        await File.WriteAllTextAsync(log, "");
        PrometheusServer server = new(
            Process.Start("/bin/sh", ["-c", "exec \"$@\" >\"$0\" 2>&1", log, "prometheus",
                $"--config.file={config}", $"--storage.tsdb.path={folder}/prometheus", $"--web.listen-address=127.0.0.1:{port}"]),
            port);
        try
        {
            for (long begun = Stopwatch.GetTimestamp(); !await server.IsReadyAsync(); await Task.Delay(50))
            {
                Assert.False(server._process.HasExited, $"prometheus ended:\n{await File.ReadAllTextAsync(log)}");
                Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30), $"prometheus is not ready after 30 s:\n{await File.ReadAllTextAsync(log)}");
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The values an expression has now, without those that are no number.</summary>
    /// <exception cref="InvalidOperationException">Prometheus refuses the expression.</exception>
    internal async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri($"api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative));
        JsonElement answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return answer.GetProperty("status").GetString() == "success"
            ? [.. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(ValueOf).Where(value => !double.IsNaN(value))]
            : throw new InvalidOperationException($"{expression}: {answer.GetProperty("error").GetString()}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
    }

    /// <summary><c>[time, "value"]</c>; Prometheus writes infinity as <c>+Inf</c>.</summary>
    private static double ValueOf(JsonElement series) => series.GetProperty("value")[1].GetString() switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        { } text => double.Parse(text, CultureInfo.InvariantCulture),
        null => double.NaN,
    };

    private async Task<bool> IsReadyAsync() => await Answer.StatusAsync(new Uri(_http.BaseAddress!, "-/ready")) == HttpStatusCode.OK;
}
