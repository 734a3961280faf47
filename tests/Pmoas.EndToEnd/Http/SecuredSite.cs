using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pmoas.EndToEnd.Http;

/// <summary>A place to run the daemon in whose pages are served by TLS, to a user and to who has a token. Gone when disposed.</summary>
internal sealed class SecuredSite : IDisposable
{
    internal const string Token = "f00dfeedf00dfeedf00dfeed";
    internal const string Password = "correct horse";

    internal SecuredSite()
    {
        File.WriteAllText(UsersFile, HtpasswdLine());
        File.WriteAllText(TokenFile, Token);
        File.WriteAllText(UserFile, $"ada:{Password}");
        WriteCertificate();
    }

    internal Site Site { get; } = new();

    internal string CertificateFile => InFolder("tls.crt");

    internal string KeyFile => InFolder("tls.key");

    internal string TokenFile => InFolder("token");

    /// <summary>What a client of <c>pmoas top</c> is told in.</summary>
    internal string UserFile => InFolder("user");

    internal Uri Address => new($"https://127.0.0.1:{Site.Port}/");

    /// <summary>Keys of <c>[http]</c>.</summary>
    internal string Toml => $"certificate_file = \"{CertificateFile}\"\nkey_file = \"{KeyFile}\"\nusers_file = \"{UsersFile}\"\ntoken_file = \"{TokenFile}\"\n";

    private string UsersFile => InFolder("users");

    /// <summary>Starts the daemon and waits until it is ready.</summary>
    internal async Task<HostProcess> RunAsync()
    {
        HostProcess daemon = HostProcess.Start(Site, "run");
        try
        {
            await daemon.UntilLogAsync($"ready: https://127.0.0.1:{Site.Port}/metrics");
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    public void Dispose() => Site.Dispose();

    private string InFolder(string name) => Path.Combine(Site.Folder, name);

    private void WriteCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=pmoas", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateFile, made.ExportCertificatePem());
    }

    private static string HtpasswdLine()
    {
        using Process htpasswd = Process.Start(new ProcessStartInfo("htpasswd", ["-nbB", "ada", Password]) { RedirectStandardOutput = true })!;
        return htpasswd.StandardOutput.ReadToEnd();
    }
}
