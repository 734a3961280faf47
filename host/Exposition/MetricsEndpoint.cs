using System.Diagnostics;
using Pmoas.Host.Health;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Exposition;

/// <summary>
/// <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c>. Scrapes run one after the other, and none makes its caller wait longer than the
/// time limit.
/// </summary>
/// <param name="cycle">What is read before each exposition.</param>
/// <param name="instruments">What is exposed.</param>
/// <param name="self">The daemon's own metrics.</param>
/// <param name="plugins">The plugins' facts now; called by one scrape at a time.</param>
/// <param name="containers">The containers of this node.</param>
/// <param name="pods">How pods are known; called by one scrape at a time.</param>
/// <param name="readiness">Whether the daemon has settled.</param>
/// <param name="liveness">Whether its loops still turn.</param>
/// <param name="timeLimit">How long a caller waits; Prometheus itself gives up after 10 s unless told otherwise.</param>
internal sealed class MetricsEndpoint(
    ScrapeCycle cycle,
    Instruments instruments,
    SelfMetrics self,
    Func<IReadOnlyList<PluginFacts>> plugins,
    IContainerIndex containers,
    Func<PodFacts> pods,
    IReadiness readiness,
    ILiveness liveness,
    TimeSpan timeLimit) : IDisposable
{
    private const string TextType = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly SemaphoreSlim _gate = new(1, 1);
    private int _lastLength;

    /// <summary>Adds the three addresses.</summary>
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/metrics", (RequestDelegate)ServeMetricsAsync);
        routes.MapGet("/healthz", (RequestDelegate)(context => SayOkUnlessAsync(context, liveness.StuckBecause)));
        routes.MapGet("/readyz", (RequestDelegate)(context => SayOkUnlessAsync(context, readiness.NotReadyBecause)));
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task ServeMetricsAsync(HttpContext context)
    {
        bool openMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        try
        {
            // The work goes on when the caller has given up: a table read half would be read wrong the next time.
            ReadOnlyMemory<byte> text = await Task.Run(() => ScrapeAsync(openMetrics)).WaitAsync(timeLimit, context.RequestAborted);
            context.Response.ContentType = openMetrics ? OpenMetricsType : TextType;
            context.Response.ContentLength = text.Length;
            await context.Response.Body.WriteAsync(text, context.RequestAborted);
        }
        catch (TimeoutException)
        {
            string where = cycle.Collecting is { } plugin ? $"; plugin {plugin} is being read" : "";
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, $"no metrics within {timeLimit.TotalSeconds:0.###} s{where}");
        }
    }

    private async Task<ReadOnlyMemory<byte>> ScrapeAsync(bool openMetrics)
    {
        if (!await _gate.WaitAsync(timeLimit))
        {
            throw new TimeoutException();
        }

        try
        {
            long start = Stopwatch.GetTimestamp();
            cycle.Run();
            self.Update(plugins(), containers);
            self.Update(pods());
            // Not kept: on a full node the text is tens of megabytes, needed for milliseconds. An eighth more than last time seldom grows.
            MemoryStream text = new(_lastLength + (_lastLength / 8));
            await instruments.WriteAsync(text, openMetrics, CancellationToken.None);
            self.ScrapeTook(Stopwatch.GetElapsedTime(start));
            _lastLength = (int)text.Length;
            return text.GetBuffer().AsMemory(0, _lastLength);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static Task SayOkUnlessAsync(HttpContext context, string? reason) => reason is null
        ? SayAsync(context, StatusCodes.Status200OK, "ok")
        : SayAsync(context, StatusCodes.Status503ServiceUnavailable, reason);

    private static Task SayAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }
}
