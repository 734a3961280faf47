using Pmoas.Host.Config;

namespace Pmoas.Host.Http;

/// <summary>
/// What every request passes first: only reading is answered, credentials are asked for, and no more than some requests are worked on at once.
/// <c>/healthz</c> and <c>/readyz</c> are open and always answered.
/// </summary>
internal sealed class RequestGate(HttpOptions options, Credentials credentials) : IDisposable
{
    /// <summary>A request that takes longer, as of a reader that does not read, is cut off.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _slots = new(options.ConcurrentRequests, options.ConcurrentRequests);

    /// <summary>Passes a request on, or answers it.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await SayAsync(context, StatusCodes.Status405MethodNotAllowed, $"{request.Method} is not answered: nothing can be changed here");
            return;
        }

        if (request.Path.Equals("/healthz", StringComparison.Ordinal) || request.Path.Equals("/readyz", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        switch (await credentials.JudgeAsync(request.Headers.Authorization.ToString()))
        {
            case Admission.Denied:
                context.Response.Headers.WWWAuthenticate = credentials.Challenges.ToArray();
                await SayAsync(context, StatusCodes.Status401Unauthorized, "credentials are missing or wrong");
                return;
            case Admission.Busy:
                await SayBusyAsync(context);
                return;
        }

        if (!_slots.Wait(0))
        {
            await SayBusyAsync(context);
            return;
        }

        try
        {
            using CancellationTokenSource limit = new(Longest);
            using CancellationTokenRegistration cut = limit.Token.Register(context.Abort);
            await next(context);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private Task SayBusyAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return SayAsync(context, StatusCodes.Status503ServiceUnavailable, $"{options.ConcurrentRequests} requests are being answered already; come again in a second");
    }

    private static Task SayAsync(HttpContext context, int status, string line)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }
}
