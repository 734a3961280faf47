using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Config;
using Pmoas.Host.Http;

namespace Pmoas.Tests.Http;

/// <summary>Two pages behind the daemon's gate, on a port of loopback, with files of their own. Gone when disposed.</summary>
internal sealed class ServedPages : IAsyncDisposable
{
    internal const string Token = "0123456789abcdef0123";

    private readonly string _folder = Directory.CreateTempSubdirectory("pmoas-http-").FullName;
    private WebApplication? _app;
    private HttpServing? _serving;

    internal string CertificateFile => Path.Combine(_folder, "tls.crt");

    internal string KeyFile => Path.Combine(_folder, "tls.key");

    internal string UsersFile => Path.Combine(_folder, "users");

    internal string TokenFile => Path.Combine(_folder, "token");

    /// <summary>Held by the page <c>/slow</c> until it is released.</summary>
    internal SemaphoreSlim Slow { get; } = new(0);

    /// <summary>Ends once as many are at <c>/slow</c> as were asked for.</summary>
    internal SemaphoreSlim AtSlow { get; } = new(0);

    internal Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Serves them.</summary>
    internal async Task<ServedPages> StartAsync(HttpOptions options)
    {
        _serving = new HttpServing(options, IPEndPoint.Parse("127.0.0.1:0"), NullLogger.Instance, TimeProvider.System);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(_serving.Configure);
        _app = builder.Build();
        _serving.Guard(_app);
        string[] reading = ["GET", "HEAD"];
        foreach (string path in (string[])["/metrics", "/healthz", "/readyz"])
        {
            _app.MapMethods(path, reading, (RequestDelegate)(context => context.Response.WriteAsync("ok\n")));
        }

        _app.MapMethods("/slow", reading, (RequestDelegate)(async context =>
        {
            AtSlow.Release();
            await Slow.WaitAsync();
        }));
        await _app.StartAsync();
        Address = new Uri(_app.Urls.Single());
        return this;
    }

    /// <summary>Makes a certificate for 127.0.0.1 and writes it with its key.</summary>
    /// <returns>Its thumbprint.</returns>
    internal string WriteCertificate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateFile, made.ExportCertificatePem());
        return made.Thumbprint;
    }

    /// <summary>A client of its own connection, and the thumbprint of the certificate it was shown last.</summary>
    internal (HttpClient Client, Func<string?> Shown) Client()
    {
        string? shown = null;
        SocketsHttpHandler handler = new()
        {
            PooledConnectionLifetime = TimeSpan.Zero,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = ((X509Certificate2)certificate!).Thumbprint) is not null,
            },
        };
        return (new HttpClient(handler) { BaseAddress = Address }, () => shown);
    }

    /// <summary>Status of a page, by a connection of its own.</summary>
    internal async Task<HttpStatusCode> StatusAsync(string path, HttpMethod? method = null, string? authorization = null)
    {
        using HttpResponseMessage response = await SendAsync(path, method, authorization);
        return response.StatusCode;
    }

    /// <summary>The answer of a page, by a connection of its own.</summary>
    internal async Task<HttpResponseMessage> SendAsync(string path, HttpMethod? method = null, string? authorization = null)
    {
        (HttpClient client, _) = Client();
        using (client)
        {
            using HttpRequestMessage request = new(method ?? HttpMethod.Get, path);
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            }

            return await client.SendAsync(request);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _serving?.Dispose();
        Slow.Dispose();
        AtSlow.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
