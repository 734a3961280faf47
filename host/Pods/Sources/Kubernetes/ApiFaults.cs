using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>Says what went wrong between this daemon and an API server, and the cure.</summary>
/// <param name="server">URL of the server.</param>
/// <param name="origin">Where URL and credentials were found.</param>
internal sealed class ApiFaults(string server, string origin)
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>The server could not be asked at all.</summary>
    public SourceException Unreachable(Exception e) => new(
        e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"The API server {server} is not trusted ({Innermost(e)}): set the certificate authority in {origin} to the one that signed its certificate."
            : e is HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }
                ? $"The name of the API server {server} is not known ({Innermost(e)}): mend the server in {origin}, or DNS."
                : e is OperationCanceledException or TimeoutException
                    ? $"The API server {server} does not answer in time: see whether it runs and can be reached from this node."
                    : $"The API server {server} cannot be reached ({Innermost(e)}): see whether it runs, and whether {origin} names the right server.",
        e);

    /// <summary>The server answered, and not with what was asked for.</summary>
    /// <param name="verb">What was asked: list, watch or get.</param>
    /// <param name="resource">Of what.</param>
    /// <param name="response">The answer; its body is read.</param>
    /// <param name="stopping">Ends the reading.</param>
    public async Task<SourceException> RefusedAsync(string verb, string resource, HttpResponseMessage response, CancellationToken stopping)
    {
        string said = await SaidAsync(response, stopping);
        return Refused(verb, resource, response.StatusCode, said, RetryAfter(response));
    }

    /// <summary>The server said, in the midst of a watch, that it cannot go on.</summary>
    public SourceException Broken(ApiStatus status) =>
        Refused("watch", "pods", (HttpStatusCode)status.Code, (status.Message ?? status.Reason ?? "no reason told").TrimEnd('.'), retryAfter: null);

    /// <summary>The server sent what is not of its API.</summary>
    public SourceException Garbled(string what, Exception? e = null) => new(
        $"The API server {server} sent {what}: see whether {origin} names a Kubernetes API server, and what stands between it and this node.", e);

    private SourceException Refused(string verb, string resource, HttpStatusCode code, string said, TimeSpan? retryAfter)
    {
        string to = $"{verb} {resource}";
        string message = code switch
        {
            HttpStatusCode.Unauthorized =>
                $"The API server {server} does not accept the credentials (401: {said}): renew the token or certificate in {origin}.",
            HttpStatusCode.Forbidden =>
                $"The API server {server} does not allow to {to} (403: {said}): bind a ClusterRole with list and watch on pods to the user of {origin}; packaging/kubernetes/base/rbac.yaml has one.",
            HttpStatusCode.NotFound =>
                $"The API server {server} has no {resource} to {verb} (404: {said}): set the server in {origin} to the address of a Kubernetes API server.",
            HttpStatusCode.TooManyRequests =>
                $"The API server {server} asks to wait (429: {said}): if that lasts, see its load and its priority levels.",
            >= HttpStatusCode.InternalServerError =>
                $"The API server {server} failed to {to} ({(int)code}: {said}): see the log of kube-apiserver.",
            _ => $"The API server {server} did not {to} ({(int)code}: {said}): see the log of kube-apiserver.",
        };
        return new SourceException(message) { RetryAfter = retryAfter };
    }

    private static async Task<string> SaidAsync(HttpResponseMessage response, CancellationToken stopping)
    {
        string said = "";
        try
        {
            byte[] body = new byte[16 * 1024];
            int length = await (await response.Content.ReadAsStreamAsync(stopping)).ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, stopping);
            said = JsonSerializer.Deserialize(body.AsSpan(0, length), ApiJson.Default.ApiStatus)?.Message ?? "";
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            // A proxy answers with a page of its own: the phrase below is all there is to say.
        }
        return (said.Length > 0 ? said : response.ReasonPhrase is { Length: > 0 } phrase ? phrase : response.StatusCode.ToString()).TrimEnd('.');
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            || response.Headers.RetryAfter is not RetryConditionHeaderValue asked)
        {
            return null;
        }
        TimeSpan? wait = asked.Delta ?? asked.Date - DateTimeOffset.UtcNow;
        return wait > LongestRetryAfter ? LongestRetryAfter : wait;
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }
        return e.Message.TrimEnd('.');
    }
}
