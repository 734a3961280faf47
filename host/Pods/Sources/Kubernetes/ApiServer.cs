using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>
/// Asks one API server. What it answers amiss comes as a <see cref="SourceException"/>, a version it has forgotten as a
/// <see cref="GoneException"/>; what happens on the way (<see cref="IsOfConnection"/>) is left as it is.
/// </summary>
internal sealed class ApiServer : IDisposable
{
    /// <summary>How many pods a page of a list holds.</summary>
    public const int PageSize = 500;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly ServiceClientCredentials? _credentials;
    private readonly TimeProvider _time;
    private readonly string _origin;

    /// <summary>Connects at the first request.</summary>
    /// <exception cref="SourceException">The address or the client's certificate is not usable.</exception>
    public ApiServer(ApiAccess access, TimeProvider time)
    {
        _time = time;
        Url = access.Config.Host.TrimEnd('/');
        _origin = access.Origin;
        Faults = new ApiFaults(Url, _origin);
        _credentials = k8s.Kubernetes.CreateCredentials(access.Config);
        SocketsHttpHandler handler = new()
        {
            SslOptions = Tls(access),
            ConnectTimeout = AnswerLimit,
            // Finds a connection that died without a word, while a watch says nothing.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        };
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("pmoas");
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
    }

    /// <summary>Address, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>Words for what goes wrong.</summary>
    public ApiFaults Faults { get; }

    /// <summary>True for what happens between here and the server: it says nothing of what the server knows.</summary>
    public static bool IsOfConnection(Exception e) => e is HttpRequestException or IOException or TimeoutException;

    /// <summary>A page of the pods of a node.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="version">0: any state the server has at hand. Empty: the newest.</param>
    /// <param name="next">Token of the page; empty for the first.</param>
    /// <param name="stopping">Ends the request.</param>
    public async Task<ApiPodList> ListAsync(string node, string version, string next, CancellationToken stopping)
    {
        string query = $"limit={PageSize}" + (next.Length > 0 ? $"&continue={Uri.EscapeDataString(next)}" : version.Length > 0 ? $"&resourceVersion={version}" : "");
        using Limited limit = new(AnswerLimit, _time, stopping);
        return await limit.RunAsync(async token =>
        {
            using HttpResponseMessage response = await PodsAsync("list", node, query, token);
            await using Stream body = await response.Content.ReadAsStreamAsync(token);
            try
            {
                return await JsonSerializer.DeserializeAsync(body, ApiJson.Default.ApiPodList, token) is { Metadata: not null } list
                    ? list
                    : throw Faults.Garbled("a list without a version");
            }
            catch (JsonException e)
            {
                throw Faults.Garbled("a list of pods that is no JSON of such", e);
            }
        });
    }

    /// <summary>What happens to the pods of a node after a version. The response and its stream are the caller's.</summary>
    public async Task<HttpResponseMessage> WatchAsync(string node, string version, TimeSpan length, CancellationToken stopping)
    {
        string query = $"watch=true&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}"
            + $"&timeoutSeconds={Math.Max(1, (long)length.TotalSeconds)}";
        using Limited limit = new(AnswerLimit, _time, stopping);
        return await limit.RunAsync(token => PodsAsync("watch", node, query, token));
    }

    /// <summary>False when the cluster has no such node; null when that cannot be known.</summary>
    public async Task<bool?> HasNodeAsync(string node, CancellationToken stopping)
    {
        using Limited limit = new(AnswerLimit, _time, stopping);
        using HttpResponseMessage response = await limit.RunAsync(token => SendAsync($"/api/v1/nodes/{Uri.EscapeDataString(node)}", token));
        return response.StatusCode switch { HttpStatusCode.OK => true, HttpStatusCode.NotFound => false, _ => null };
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> PodsAsync(string verb, string node, string query, CancellationToken token)
    {
        HttpResponseMessage response = await SendAsync($"/api/v1/pods?fieldSelector={Uri.EscapeDataString($"spec.nodeName={node}")}&{query}", token);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return response;
        }
        using (response)
        {
            throw response.StatusCode == HttpStatusCode.Gone ? new GoneException() : await Faults.RefusedAsync(verb, "pods", response, token);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, CancellationToken token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, Url + path);
        try
        {
            await (_credentials?.ProcessHttpRequestAsync(request, token) ?? Task.CompletedTask);
        }
        catch (KubeConfigException e)
        {
            throw new SourceException($"The credentials in {_origin} cannot be renewed ({e.Message.TrimEnd('.')}): run what gives them by hand.", e);
        }
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
    }

    private static SslClientAuthenticationOptions Tls(ApiAccess access)
    {
        KubernetesClientConfiguration config = access.Config;
        SslClientAuthenticationOptions tls = new() { ClientCertificates = ClientCertificate(access) };
        if (config.TlsServerName is { Length: > 0 } name)
        {
            tls.TargetHost = name;
        }
        if (config.SkipTlsVerify)
        {
#pragma warning disable CA5359 // the user's kubeconfig says insecure-skip-tls-verify
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (config.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        return tls;
    }

    private static X509CertificateCollection? ClientCertificate(ApiAccess access)
    {
        KubernetesClientConfiguration config = access.Config;
        try
        {
            if (config.ClientCertificateData is { Length: > 0 } certificate && config.ClientCertificateKeyData is { Length: > 0 } key)
            {
                return [X509Certificate2.CreateFromPem(Pem(certificate), Pem(key))];
            }
            return config.ClientCertificateFilePath is { Length: > 0 } path ? [X509Certificate2.CreateFromPemFile(path, config.ClientKeyFilePath)] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            throw new SourceException(
                $"The client certificate or key of {access.Origin} cannot be read ({e.Message.TrimEnd('.')}): put a PEM certificate and its key there.", e);
        }
    }

    private static string Pem(string base64) => System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(base64));

    /// <summary>A request that may take only so long; that it took longer is told apart from being stopped.</summary>
    private sealed class Limited : IDisposable
    {
        private readonly CancellationTokenSource _late;
        private readonly CancellationTokenSource _either;
        private readonly CancellationToken _stopping;

        public Limited(TimeSpan limit, TimeProvider time, CancellationToken stopping)
        {
            _stopping = stopping;
            _late = new CancellationTokenSource(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, stopping);
        }

        public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> request)
        {
            try
            {
                return await request(_either.Token);
            }
            catch (OperationCanceledException e) when (!_stopping.IsCancellationRequested)
            {
                throw new TimeoutException(e.Message, e);
            }
        }

        public void Dispose()
        {
            _either.Dispose();
            _late.Dispose();
        }
    }
}
