using Grpc.Core;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>Why a runtime does not tell its pods, as a sentence that ends with the cure.</summary>
internal static class CriFault
{
    /// <summary>The sentence for a call that failed.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="endpoint">Where the runtime was asked.</param>
    /// <param name="call">Name of the call.</param>
    /// <param name="limit">How long an answer was waited for.</param>
    public static SourceException Of(RpcException e, string endpoint, string call, TimeSpan limit) =>
        SocketFault.Of("cri", endpoint, e.Status.DebugException) ?? new SourceException(e.StatusCode switch
        {
            StatusCode.DeadlineExceeded =>
                $"the container runtime at {endpoint} did not answer {call} within {limit.TotalSeconds} s: see its log, it is overloaded or hangs.",
            StatusCode.PermissionDenied or StatusCode.Unauthenticated =>
                $"the container runtime at {endpoint} does not permit {call}: {Detail(e)}; run pmoas as root.",
            StatusCode.ResourceExhausted =>
                $"the answer of {endpoint} to {call} is too large: {Detail(e)}; remove containers that ended (crictl rm).",
            // What is no answer at all: the client says so itself, and keeps the reason.
            StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled when e.Status.DebugException is not null =>
                $"what {endpoint} answered to {call} is not a container runtime's answer: {Detail(e)}; "
                + "see whether the runtime works (crictl version), and what [sources.cri] endpoints names.",
            _ => $"the container runtime at {endpoint} refused {call}: {Detail(e)}; see its log.",
        }, e);

    /// <summary>The sentence for a server without the API.</summary>
    /// <param name="endpoint">Where it was asked.</param>
    /// <param name="speaksOld">True when it knows the API's version before v1.</param>
    public static SourceException NoService(string endpoint, bool speaksOld) => new(speaksOld
        ? $"the container runtime at {endpoint} speaks only CRI v1alpha2: upgrade it, v1 came with containerd 1.6 and CRI-O 1.23."
        : $"the CRI plugin of the containerd at {endpoint} is disabled: take \"cri\" out of disabled_plugins in its config.toml and start it again; "
          + "or, when only Docker uses it, set [sources.cri] enabled = false.");

    private static string Detail(RpcException e)
    {
        string detail = e.Status.DebugException?.Message is { Length: > 0 } inner ? inner : e.Status.Detail;
        return detail.TrimEnd('.', ' ', '\n');
    }
}
