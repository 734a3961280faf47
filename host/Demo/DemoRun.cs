using System.Diagnostics;

namespace Pmoas.Host.Demo;

/// <summary>The verb <c>demo</c>: a real pod, the daemon watching it, load from outside, and what the sidecar costs.</summary>
internal static class DemoRun
{
    // One request after the other shows what the sidecar adds, not how long its queue is; and only so `ab` makes exactly
    // one connection a request: see Load.
    private const int Concurrency = 1;

    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(2);

    /// <summary>Runs the demo to its end or until cancelled; leaves nothing behind. Returns the exit code: 0, or 1 with a sentence on stderr.</summary>
    internal static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellation)
    {
        try
        {
            await ShowAsync(options, cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Say("stopped; nothing is left behind");
            return 0;
        }
        catch (DemoException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: {e.Message}");
            return 1;
        }
    }

    private static async Task ShowAsync(DemoOptions options, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        Say("bringing up the pod: haproxy before nginx, in a network namespace and cgroups of their own");
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions(), cancellation);
        Say($"sending {options.Requests} requests directly to the service");
        Load direct = await Load.RunAsync(bed, bed.ServiceUrl, options.Requests, Concurrency, keepAlive: false, cancellation);
        Say("starting the daemon");
        await using DemoDaemon daemon = await DemoDaemon.StartAsync(bed, options, cancellation);
        Say($"sending {options.Requests} requests through the sidecar");
        Load through = await Load.RunAsync(bed, options.Requests, Concurrency, keepAlive: false, cancellation);
        Scrape scrape = await SettledAsync(daemon, cancellation);
        DemoReport report = DemoReport.Of(options.Requests, direct, through, scrape, bed.Name);
        if (!options.Json)
        {
            DemoTable.Write(report, Console.Out, boxed: !Console.IsOutputRedirected);
        }

        await StayAsync(bed, daemon, options, began, cancellation);
        if (options.Json)
        {
            await Console.Out.WriteLineAsync(report.ToJson());
        }
    }

    /// <summary>Scrapes until the pod's counters stand still: the last close of a run may come after its last response.</summary>
    private static async Task<Scrape> SettledAsync(DemoDaemon daemon, CancellationToken cancellation)
    {
        static double Counted(Scrape scrape) =>
            scrape.Samples.Where(sample => sample.Name.StartsWith("pmoas_accept_", StringComparison.Ordinal)).Sum(sample => sample.Value);

        long began = Stopwatch.GetTimestamp();
        Scrape last = await daemon.ScrapeAsync(cancellation);
        while (true)
        {
            await Task.Delay(100, cancellation);
            Scrape next = await daemon.ScrapeAsync(cancellation);
            if (Counted(next) == Counted(last) || Stopwatch.GetElapsedTime(began) > SettleWithin)
            {
                return next;
            }

            last = next;
        }
    }

    /// <summary>Keeps daemon and a light load going for whoever wants to look, until the asked seconds have passed.</summary>
    private static async Task StayAsync(PodBed bed, DemoDaemon daemon, DemoOptions options, long began, CancellationToken cancellation)
    {
        TimeSpan left = TimeSpan.FromSeconds(options.Seconds) - Stopwatch.GetElapsedTime(began);
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        daemon.WatchEverything();
        Say($"light load goes on for {left.TotalSeconds:0} s (Ctrl-C ends it), with ResourceUsage and StackTrace on as well; look for yourself:");
        string url = $"http://{options.Listen}/";
        Say($"  {url}");
        Say($"  {Program} top --url {url}");
        Say($"  {Program} monitor stack --config {daemon.ConfigPath}");
        Say($"  curl -s {url}metrics | grep {bed.Name}");
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < options.Seconds)
        {
            await Load.RunAsync(bed, requests: 20, concurrency: 1, keepAlive: false, cancellation);
            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>This program as one types it here.</summary>
    private static string Program
    {
        get
        {
            string below = Path.GetRelativePath(Environment.CurrentDirectory, Environment.ProcessPath!);
            return below.StartsWith("..", StringComparison.Ordinal) ? Environment.ProcessPath! : below;
        }
    }

    /// <summary>Progress goes to stderr: stdout is for what was found.</summary>
    private static void Say(string what) => Console.Error.WriteLine($"[demo] {what}");
}
