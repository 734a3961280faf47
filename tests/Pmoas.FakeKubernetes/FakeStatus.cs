using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pmoas.FakeKubernetes;

/// <summary>The object a server answers with in place of what was asked for.</summary>
internal static class FakeStatus
{
    /// <summary>As JSON.</summary>
    public static string Json(int code, string reason, string message) => JsonSerializer.Serialize(new
    {
        kind = "Status",
        apiVersion = "v1",
        metadata = new { },
        status = "Failure",
        message,
        reason,
        code,
    });

    /// <summary>As an answer.</summary>
    public static Task WriteAsync(HttpResponse response, int code, string reason, string message, TimeSpan? retryAfter = null)
    {
        response.StatusCode = code;
        response.ContentType = "application/json";
        if (retryAfter is { } wait)
        {
            response.Headers.RetryAfter = wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        }
        return response.WriteAsync(Json(code, reason, message));
    }
}
