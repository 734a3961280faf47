using Docker.DotNet;

namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>Why Docker does not tell its containers, as a sentence that ends with the cure.</summary>
internal static class DockerFault
{
    /// <summary>The sentence for a failed question.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="endpoint">Where Docker was asked.</param>
    /// <param name="question">What it was asked for.</param>
    /// <param name="limit">How long an answer was waited for.</param>
    public static SourceException Of(Exception e, string endpoint, string question, TimeSpan limit) =>
        SocketFault.Of("docker", endpoint, e) ?? new SourceException(e switch
        {
            DockerApiException refused =>
                $"Docker at {endpoint} refused the {question}: {(int)refused.StatusCode} {refused.ResponseBody?.Trim().TrimEnd('.')}; see its log.",
            TimeoutException or OperationCanceledException =>
                $"Docker at {endpoint} did not answer the {question} within {limit.TotalSeconds} s: see its log, it is overloaded or hangs.",
            _ => $"what {endpoint} answered to the {question} is not Docker's answer: {Innermost(e).TrimEnd('.')}; "
                + "see whether Docker works (docker version), and what [sources.docker] endpoints names.",
        }, e);

    /// <summary>The sentence for a stream of events that ended or broke.</summary>
    public static SourceException Ended(Exception? cause, string endpoint) => SocketFault.Of("docker", endpoint, cause) ?? new SourceException(
        $"Docker at {endpoint} ended the stream of events{(cause is null ? "" : ": " + Innermost(cause).TrimEnd('.'))}; see its log when it is not just stopping.",
        cause);

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;
}
