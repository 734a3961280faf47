using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Pmoas.Host.Http;

/// <summary>The certificate the daemon shows, from two PEM files.</summary>
internal static class ServedCertificate
{
    /// <summary>The files, read again when they change.</summary>
    /// <exception cref="HttpFileException">They cannot be read, or do not fit together.</exception>
    public static RenewedFiles<SslStreamCertificateContext> Open(string certificateFile, string keyFile, ILogger log, TimeProvider time) =>
        new([certificateFile, keyFile], files => Read(files, certificateFile, keyFile), log, time);

    private static SslStreamCertificateContext Read(IReadOnlyList<byte[]> files, string certificateFile, string keyFile)
    {
        string pem = Encoding.UTF8.GetString(files[0]);
        try
        {
            X509Certificate2 own = X509Certificate2.CreateFromPem(pem, Encoding.UTF8.GetString(files[1]));
            X509Certificate2Collection others = [];
            others.ImportFromPem(pem);
            others.RemoveAt(0); // the certificate itself stands first

            // Offline: nothing is fetched from the addresses a certificate names.
            return SslStreamCertificateContext.Create(own, others, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new HttpFileException(
                $"{certificateFile} and {keyFile} are no certificate with its key ({e.Message.TrimEnd('.')}): write both as PEM, the key unencrypted.", e);
        }
    }
}
