using Pmoas.Host.Health;

namespace Pmoas.Host.Exposition;

/// <summary><c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c>. No scrape makes its caller wait longer than the time limit.</summary>
/// <param name="scraper">Makes the text.</param>
/// <param name="readiness">Whether the daemon has settled.</param>
/// <param name="liveness">Whether its loops still turn.</param>
internal sealed class MetricsEndpoint(Scraper scraper, IReadiness readiness, ILiveness liveness)
{
    private const string TextType = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Adds the three addresses.</summary>
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/metrics", Reading, (RequestDelegate)ServeMetricsAsync);
        routes.MapMethods("/healthz", Reading, (RequestDelegate)(context => SayOkUnlessAsync(context, liveness.StuckBecause)));
        routes.MapMethods("/readyz", Reading, (RequestDelegate)(context => SayOkUnlessAsync(context, readiness.NotReadyBecause)));
    }

    private async Task ServeMetricsAsync(HttpContext context)
    {
        bool openMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        try
        {
            ReadOnlyMemory<byte> text = await scraper.ScrapeAsync(openMetrics);
            context.Response.ContentType = openMetrics ? OpenMetricsType : TextType;
            context.Response.ContentLength = text.Length;
            await context.Response.Body.WriteAsync(text, context.RequestAborted);
        }
        catch (TimeoutException e)
        {
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, e.Message);
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
