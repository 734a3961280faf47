using System.Net;

namespace Pmoas.EndToEnd;

/// <summary>What a server on this machine answers.</summary>
internal static class Answer
{
    internal static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Status of an address; null while nobody listens.</summary>
    internal static async Task<HttpStatusCode?> StatusAsync(Uri address)
    {
        try
        {
            using HttpResponseMessage response = await Http.GetAsync(address);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
