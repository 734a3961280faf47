using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pmoas.FakeKubernetes;

/// <summary>A certificate authority and a server certificate it signed, made in memory and valid for a day.</summary>
internal sealed class FakeCertificates : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddHours(-1);

    /// <summary>Makes both.</summary>
    public FakeCertificates()
    {
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=fake-kubernetes-ca", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        authority.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authority.PublicKey, false));
        using X509Certificate2 signer = authority.CreateSelfSigned(From, From.AddDays(1));
        AuthorityPem = signer.ExportCertificatePem();

        using ECDsa serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest server = new("CN=fake-kubernetes", serverKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        server.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 signed = server.Create(signer, From, From.AddDays(1), RandomNumberGenerator.GetBytes(8));
        Server = signed.CopyWithPrivateKey(serverKey);
    }

    /// <summary>The authority, for a kubeconfig.</summary>
    public string AuthorityPem { get; }

    /// <summary>For localhost and 127.0.0.1, with its key.</summary>
    public X509Certificate2 Server { get; }

    /// <inheritdoc/>
    public void Dispose() => Server.Dispose();
}
