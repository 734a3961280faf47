using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Pmoas.Host.Config;

namespace Pmoas.Host.Http;

/// <summary>How the daemon serves HTTP: address, TLS, who may read, and the bounds of what a reader may take.</summary>
internal sealed class HttpServing : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IPEndPoint _listen;
    private readonly RenewedFiles<SslStreamCertificateContext>? _certificate;
    private readonly Credentials _credentials;
    private readonly RequestGate _gate;

    /// <summary>Reads the files that the options name.</summary>
    /// <param name="options">What the user set up.</param>
    /// <param name="listen">The address, which the command line may have changed.</param>
    /// <param name="log">Told when a file was renewed.</param>
    /// <param name="time">Clock of the looks at files.</param>
    /// <exception cref="HttpFileException">A file cannot be used.</exception>
    public HttpServing(HttpOptions options, IPEndPoint listen, ILogger log, TimeProvider time)
    {
        _listen = listen;
        _certificate = options.HasTls ? ServedCertificate.Open(options.CertificateFile, options.KeyFile, log, time) : null;
        _credentials = new Credentials(options, log, time);
        _gate = new RequestGate(options, _credentials);
    }

    /// <summary>Where it is served, for people.</summary>
    public string Address => $"{(_certificate is null ? "http" : "https")}://{_listen}";

    /// <summary>Sets up the server.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 128;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestLineSize = 4 * 1024;
        kestrel.Limits.MaxRequestBufferSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = Patience;
        kestrel.Listen(_listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            if (_certificate is not null)
            {
                endpoint.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = Patience, OnConnection = Handshake });
            }
        });
    }

    /// <summary>Puts the gate before everything that is served.</summary>
    public void Guard(IApplicationBuilder app) => app.Use(next => context => _gate.InvokeAsync(context, next));

    /// <inheritdoc/>
    public void Dispose()
    {
        _gate.Dispose();
        _credentials.Dispose();
    }

    private ValueTask<SslServerAuthenticationOptions> Handshake(TlsHandshakeCallbackContext context) => ValueTask.FromResult(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = _certificate!.Current,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
    });
}
