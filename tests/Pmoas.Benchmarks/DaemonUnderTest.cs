using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>The daemon that <c>make build</c> left, as a process, watching one bed.</summary>
internal sealed class DaemonUnderTest : IAsyncDisposable
{
    private readonly PodBed _bed;
    private readonly Process _process;
    private readonly HttpClient _http;

    private DaemonUnderTest(PodBed bed, Process process, HttpClient http) => (_bed, _process, _http) = (bed, process, http);

    /// <summary>From the start of the process to the first answer of /readyz.</summary>
    internal TimeSpan ReadyAfter { get; private set; }

    /// <summary>Starts it and waits until it is ready.</summary>
    internal static async Task<DaemonUnderTest> StartAsync(PodBed bed, string plugins, string toml)
    {
        string file = await ConfigureAsync(bed, toml);
        int port = FreePort();
        long begun = Stopwatch.GetTimestamp();
        Process process = Process.Start(
            "artifacts/pmoas/pmoas", ["run", "--config", file, "--plugins", plugins, "--listen", $"127.0.0.1:{port}"]);
        DaemonUnderTest daemon = new(bed, process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") });
        while (!await daemon.IsReadyAsync())
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(30))
            {
                await daemon.DisposeAsync();
                throw new InvalidOperationException($"the daemon did not become ready with {file}");
            }

            await Task.Delay(10);
        }

        daemon.ReadyAfter = Stopwatch.GetElapsedTime(begun);
        return daemon;
    }

    /// <summary>Changes the plugins it runs; returns when they run.</summary>
    internal async Task ApplyAsync(string toml)
    {
        double before = await ReloadsAsync();
        await ConfigureAsync(_bed, toml);
        long begun = Stopwatch.GetTimestamp();
        while (await ReloadsAsync() == before)
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException($"the daemon did not take the changed configuration:\n{toml}");
            }

            await Task.Delay(10);
        }
    }

    /// <summary>Waits until it is at rest: plugins are compiled for a moment after their start, on the CPUs that are measured.</summary>
    internal async Task SettleAsync()
    {
        for (TimeSpan before = TimeSpan.MinValue, now; (now = CpuTime()) > before + TimeSpan.FromMilliseconds(10); before = now)
        {
            await Task.Delay(300);
        }
    }

    /// <summary>Scrapes once.</summary>
    internal Task<string> ScrapeAsync() => _http.GetStringAsync(new Uri("metrics", UriKind.Relative));

    /// <summary>Resident set in bytes.</summary>
    internal long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    /// <summary>CPU time so far, user and system.</summary>
    internal TimeSpan CpuTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Signals.Send(_process.Id, Signals.Terminate);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
    }

    private static async Task<string> ConfigureAsync(PodBed bed, string toml)
    {
        string file = Path.Combine(bed.Plan.Directory, "pmoas.toml");

        // As a node has it: the kernel tags new containers only while all cgroups are looked at.
        await File.WriteAllTextAsync(file, bed.StaticPodToml(withCgroups: true) + "[log]\nlevel = \"error\"\n" + toml);
        return file;
    }

    private async Task<double> ReloadsAsync() => Scrape.Parse(await ScrapeAsync()).Sum("pmoas_config_reloads_total", ("result", "ok"));

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri("readyz", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // does not listen yet
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return int.Parse(listener.LocalEndpoint.ToString()!.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
