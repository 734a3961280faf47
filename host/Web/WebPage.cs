using System.Text.Json;
using System.Text.Json.Serialization;
using Pmoas.Host.Overview;

namespace Pmoas.Host.Web;

/// <summary>The page at <c>/</c>, the files it is made of, and what it asks for: <c>/api/pods</c> and <c>/api/pods/NAMESPACE/POD</c>.</summary>
internal sealed class WebPage(LiveOverview live)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Adds the addresses.</summary>
    internal void Map(IEndpointRouteBuilder routes)
    {
        MapFile(routes, "/", "index.html", "text/html; charset=utf-8");
        MapFile(routes, "/style.css", "style.css", "text/css; charset=utf-8");
        MapFile(routes, "/app.js", "app.js", "text/javascript; charset=utf-8");
        MapFile(routes, "/icon.svg", "icon.svg", "image/svg+xml");
        routes.MapMethods("/api/pods", Reading, (RequestDelegate)(context => AnswerAsync(context, node => new PodList(
            node.Seconds, node.Plugins, [.. node.Pods.Select(pod => pod with { Containers = [], Legs = [] })]))));
        routes.MapMethods("/api/pods/{namespace}/{pod}", Reading, (RequestDelegate)(context => AnswerAsync(context, node =>
            node.Pods.FirstOrDefault(pod => pod.Namespace == Part(context, "namespace") && pod.Pod == Part(context, "pod")) is { } pod
                ? new OnePod(node.Seconds, node.Plugins, pod)
                : null)));
    }

    private static void MapFile(IEndpointRouteBuilder routes, string path, string name, string type)
    {
        using Stream file = typeof(WebPage).Assembly.GetManifestResourceStream($"page/{name}")!;
        byte[] content = new byte[file.Length];
        file.ReadExactly(content);
        routes.MapMethods(path, Reading, (RequestDelegate)(context =>
        {
            context.Response.ContentType = type;
            context.Response.ContentLength = content.Length;
            context.Response.Headers.ContentSecurityPolicy = Policy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask();
        }));
    }

    private async Task AnswerAsync<T>(HttpContext context, Func<NodeOverview, T?> of)
        where T : class
    {
        try
        {
            if (of(await live.NowAsync(context.RequestAborted)) is { } answer)
            {
                context.Response.ContentType = "application/json; charset=utf-8";
                await JsonSerializer.SerializeAsync(context.Response.Body, answer, SnakeCase, context.RequestAborted);
                return;
            }

            await SayAsync(context, StatusCodes.Status404NotFound, "no such pod is measured");
        }
        catch (TimeoutException e)
        {
            await SayAsync(context, StatusCodes.Status503ServiceUnavailable, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader is gone: there is nobody to answer.
        }
    }

    private static string? Part(HttpContext context, string name) => context.GetRouteValue(name) as string;

    private static Task SayAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }

    private sealed record PodList(double Seconds, IReadOnlyList<string> Plugins, IReadOnlyList<PodOverview> Pods);

    private sealed record OnePod(double Seconds, IReadOnlyList<string> Plugins, PodOverview Pod);
}
