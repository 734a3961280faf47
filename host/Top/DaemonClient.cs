using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pmoas.Host.Overview;

namespace Pmoas.Host.Top;

/// <summary>Where a daemon is, and how to get in; files may be null.</summary>
/// <param name="Url">Its address, without a path.</param>
/// <param name="TokenFile">Holds a bearer token.</param>
/// <param name="UserFile">Holds NAME:PASSWORD.</param>
/// <param name="CaFile">PEM of the authority that signed its certificate; null: those this machine trusts.</param>
internal sealed record DaemonPlace(Uri Url, string? TokenFile, string? UserFile, string? CaFile);

/// <summary>Reads a running daemon's metrics, as Prometheus does. Not thread-safe.</summary>
internal sealed class DaemonClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly DaemonPlace _place;
    private readonly HttpClient _http;

    /// <summary>Reads the files; nothing is asked yet.</summary>
    /// <exception cref="DaemonException">A file cannot be used.</exception>
    public DaemonClient(DaemonPlace place)
    {
        _place = place;
        SslClientAuthenticationOptions tls = new();
        if (place.CaFile is not null)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(Authority(place.CaFile));
        }

        _http = new HttpClient(new SocketsHttpHandler { SslOptions = tls, UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = place.Url,
            Timeout = Patience,
        };
        _http.DefaultRequestHeaders.Authorization = place switch
        {
            { TokenFile: { } file } => new AuthenticationHeaderValue("Bearer", Read(file)),
            { UserFile: { } file } => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Read(file)))),
            _ => null,
        };
    }

    /// <summary>Reads everything once.</summary>
    /// <exception cref="DaemonException">The daemon did not answer, or not with metrics.</exception>
    public async Task<NodeTotals> ScrapeAsync(CancellationToken stopping)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri("/metrics", UriKind.Relative), stopping);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                throw new DaemonException($"the daemon at {_place.Url} asks for credentials: name them with --token-file or --user-file.");
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                string said = (await response.Content.ReadAsStringAsync(stopping)).Trim();
                throw new DaemonException($"{_place.Url}metrics answers {(int)response.StatusCode}: {said[..Math.Min(said.Length, 200)]}");
            }

            using StreamReader text = new(await response.Content.ReadAsStreamAsync(stopping));
            return NodeTotals.Read(text, Stopwatch.GetElapsedTime(0));
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new DaemonException($"the certificate of {_place.Url} is not trusted: name the authority that signed it with --ca-file.", e);
        }
        catch (HttpRequestException e)
        {
            throw new DaemonException($"no daemon answers at {_place.Url} ({e.Message.TrimEnd('.')}): start one with pmoas run, or name another with --url.", e);
        }
        catch (TaskCanceledException e) when (!stopping.IsCancellationRequested)
        {
            throw new DaemonException($"the daemon at {_place.Url} gave no metrics within {Patience.TotalSeconds} s: see its log.", e);
        }
        catch (Exception e) when (e is FormatException or KeyNotFoundException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new DaemonException($"{_place.Url}metrics is not what pmoas writes: name the address of a pmoas daemon with --url.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static X509Certificate2Collection Authority(string file)
    {
        try
        {
            X509Certificate2Collection all = [];
            all.ImportFromPemFile(file);
            return all.Count > 0 ? all : throw new DaemonException($"{file} holds no certificate: name a PEM file with --ca-file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new DaemonException($"{file} cannot be read as certificates ({e.Message.TrimEnd('.')}): name a PEM file with --ca-file.", e);
        }
    }

    private static string Read(string file)
    {
        try
        {
            string text = File.ReadAllText(file).Trim();
            return text.Length > 0 ? text : throw new DaemonException($"{file} is empty: write the credentials into it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DaemonException($"{file} cannot be read ({e.Message.TrimEnd('.')}): make it readable to this user.", e);
        }
    }
}
