using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Pmoas.Host.Config;

/// <summary><c>[http]</c>: where metrics and the web page are served, and who may read them.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>Address and port; one that other machines reach needs TLS and credentials, or <see cref="Insecure"/>.</summary>
    public string Listen { get; set; } = "127.0.0.1:8765";

    /// <summary>Path of a PEM file with the certificate, its intermediates behind it; empty serves without TLS.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>Path of the PEM file with the certificate's key.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>Path of a file of users for basic authentication, as <c>htpasswd -B</c> writes it; empty: none.</summary>
    public string UsersFile { get; set; } = "";

    /// <summary>Path of a file that holds a bearer token; empty: none.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>Serve other machines without TLS or without credentials.</summary>
    public bool Insecure { get; set; }

    /// <summary>Requests answered at once, health checks not counted; one more is told to come again.</summary>
    [Range(1, 256)]
    public int ConcurrentRequests { get; set; } = 8;

    /// <summary><see cref="Listen"/>, read.</summary>
    public IPEndPoint Endpoint => IPEndPoint.Parse(Listen);

    /// <summary>True when it is served by TLS.</summary>
    public bool HasTls => CertificateFile.Length > 0;

    /// <summary>True when a reader has to say who it is.</summary>
    public bool HasCredentials => UsersFile.Length > 0 || TokenFile.Length > 0;

    /// <summary>Why this address must not be served with these options, with the cure; null when it may.</summary>
    public string? WhyRefused(IPEndPoint listen) => IPAddress.IsLoopback(listen.Address) || Insecure || (HasTls && HasCredentials)
        ? null
        : $"\"{listen}\" can be reached from other machines: set certificate_file and key_file, and users_file or token_file, or else insecure = true";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // IPEndPoint takes a bare address, with port 0.
        bool hasPort = IPEndPoint.TryParse(Listen, out IPEndPoint? endpoint) && Listen.EndsWith($":{endpoint.Port}", StringComparison.Ordinal);
        if (!hasPort)
        {
            yield return new ValidationResult($"\"{Listen}\" is no address with a port; allowed is ADDRESS:PORT such as \"127.0.0.1:8765\" or \"[::]:8765\"", [nameof(Listen)]);
        }
        else if (WhyRefused(endpoint!) is { } refused)
        {
            yield return new ValidationResult(refused, [nameof(Listen)]);
        }

        if (HasTls != (KeyFile.Length > 0))
        {
            (string there, string missing) = HasTls ? (nameof(CertificateFile), "key_file") : (nameof(KeyFile), "certificate_file");
            yield return new ValidationResult($"it needs {missing} beside it", [there]);
        }

        foreach ((string key, string path) in new[]
            { (nameof(CertificateFile), CertificateFile), (nameof(KeyFile), KeyFile), (nameof(UsersFile), UsersFile), (nameof(TokenFile), TokenFile) })
        {
            if (path.Length > 0 && !Path.IsPathRooted(path))
            {
                yield return new ValidationResult($"\"{path}\" is no path from / on; allowed is one such as \"/etc/pmoas/{Config.KeyNames.SnakeCase(key)}\"", [key]);
            }
        }
    }
}
