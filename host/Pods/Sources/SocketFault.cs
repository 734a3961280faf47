using System.Net.Sockets;

namespace Pmoas.Host.Pods.Sources;

/// <summary>Why a runtime's Unix socket could not be connected to.</summary>
internal static class SocketFault
{
    /// <summary>The sentence for a socket that is not there.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="endpoint">Where it asks.</param>
    public static SourceException Missing(string source, string endpoint) => new(
        $"there is no socket at {endpoint}: start the container runtime, or name its socket in [sources.{source}] endpoints.");

    /// <summary>The sentence for a failed connection; null when the failure is of another kind.</summary>
    /// <param name="source">Name of the source.</param>
    /// <param name="endpoint">Where it asks.</param>
    /// <param name="failure">What was thrown; the socket's error may be any of its inner ones.</param>
    public static SourceException? Of(string source, string endpoint, Exception? failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SourceException told:
                    return told;
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }: // ENOENT
                    return Missing(source, endpoint);
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return new SourceException($"nobody listens at {endpoint}, the container runtime has ended: start it again.", failure);
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return new SourceException($"connecting to {endpoint} is not permitted: run pmoas as root, or as a member of the socket's group.", failure);
                case SocketException socket:
                    return new SourceException($"connecting to {endpoint} failed: {socket.Message}; see whether the container runtime works.", failure);
                default:
                    break;
            }
        }
        return null;
    }
}
