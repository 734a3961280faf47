using System.Net.Http.Headers;
using k8s.Authentication;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>A bearer token in a file that is renewed by somebody else, as the kubelet does: read for every request.</summary>
internal sealed class TokenFile(string path) : ITokenProvider
{
    /// <inheritdoc/>
    /// <exception cref="SourceException">The file cannot be read, or is empty.</exception>
    public async Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
    {
        try
        {
            string token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
            return token.Length > 0
                ? new AuthenticationHeaderValue("Bearer", token)
                : throw new SourceException($"The token file {path} is empty: write a bearer token of the cluster into it.");
        }
        catch (FormatException e)
        {
            throw new SourceException($"The token file {path} holds no token ({e.Message.TrimEnd('.')}): write a bearer token of the cluster into it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"The token file {path} cannot be read ({e.Message.TrimEnd('.')}): make it readable to this process.", e);
        }
    }
}
