using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using Pmoas.Host.Config;
using Pmoas.Host.Pods.Sources;
using Pmoas.Host.Pods.Sources.Kubernetes;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubeconfigTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-kubeconfig-").FullName;

    [Fact]
    public void a_file_that_is_not_there() => Assert.Equal(
        $"The kubeconfig {Path("none")} does not exist: set [sources.kubernetes] kubeconfig, or KUBECONFIG, to one that does.", Problem(Path("none")));

    [Fact]
    public void a_directory() => Assert.StartsWith($"The kubeconfig {_directory} cannot be read (", Problem(_directory), StringComparison.Ordinal);

    [Fact]
    public void a_file_that_is_empty()
    {
        string path = Write("a", "");
        Assert.Equal($"The kubeconfig {path} is empty: put a kubeconfig of the cluster there.", Problem(path));
    }

    [Theory]
    [InlineData("kind: Config\nusers: : [x\n", "line 2: Mapping values are not allowed in this context")]
    [InlineData("kind: [Config\n", "line 1: not what a kubeconfig has there")]
    [InlineData("just words\n", "line 1: not what a kubeconfig has there")]
    public void a_file_that_is_no_yaml_or_of_something_else(string text, string why)
    {
        string path = Write("a", text);
        Assert.Equal($"The kubeconfig {path} is no kubeconfig ({why}): mend it, or name another file.", Problem(path));
    }

    [Fact]
    public void no_current_context()
    {
        string path = Write("a", "kind: Config\n");
        Assert.Equal($"The kubeconfig {path} has no current-context: run kubectl config use-context with this file.", Problem(path));
    }

    [Theory]
    [InlineData("current-context: lab", "current-context: gone", "CurrentContext: gone not found in contexts in kubeconfig", "gone")]
    [InlineData("server: https://10.0.0.1:6443", "server: foo", "Bad server host URL `foo` (cannot be parsed)", "lab")]
    [InlineData("user: { token: secret }", "user: { }", "User: me does not have appropriate auth credentials in kubeconfig", "lab")]
    public void a_context_that_is_not_whole(string text, string instead, string why, string context)
    {
        string path = Write("a", Config().Replace(text, instead, StringComparison.Ordinal));
        Assert.Equal($"The kubeconfig {path} is not usable ({why}): mend the context {context} in it.", Problem(path));
    }

    [Fact]
    public void a_context_without_anything()
    {
        string path = Write("a", "current-context: lab\n");
        Assert.Contains($"The kubeconfig {path} ", Problem(path), StringComparison.Ordinal);
    }

    [Fact]
    public void an_authority_that_is_not_there()
    {
        string path = Write("a", Config("certificate-authority: ca.crt"));
        Assert.Equal(
            $"A file that the kubeconfig {path} names cannot be read (Could not find file '{Path("ca.crt")}'): make it readable to this process.", Problem(path));
    }

    [Theory]
    [InlineData("certificate-authority-data: '%%%'")]
    [InlineData("certificate-authority-data: bm9wZQ==")]
    public void an_authority_that_is_no_certificate(string authority)
    {
        string path = Write("a", Config(authority));
        string problem = Problem(path);
        Assert.StartsWith($"The certificate authority in the kubeconfig {path} ", problem, StringComparison.Ordinal);
        Assert.EndsWith(": put the cluster's CA there, as PEM.", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void a_client_certificate_that_is_none()
    {
        string path = Write("a", Config(user: "{ client-certificate: me.crt, client-key: me.key }"));
        File.WriteAllText(Path("me.crt"), "no");
        SourceException e = Assert.Throws<SourceException>(() => new ApiServer(new ApiAccess(path, Kubeconfig.Read([path])), TimeProvider.System));
        Assert.StartsWith($"The client certificate or key of {path} cannot be read (", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_client_certificate_in_files_beside_it_or_in_itself()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 me = new CertificateRequest("CN=me", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File.WriteAllText(Path("me.crt"), me.ExportCertificatePem());
        File.WriteAllText(Path("me.key"), key.ExportECPrivateKeyPem());
        string files = Write("a", Config(user: "{ client-certificate: me.crt, client-key: me.key }"));
        string data = Write("b", Config(user:
            $"{{ client-certificate-data: {Base64(me.ExportCertificatePem())}, client-key-data: {Base64(key.ExportECPrivateKeyPem())} }}"));

        new ApiServer(new ApiAccess(files, Kubeconfig.Read([files])), TimeProvider.System).Dispose();
        new ApiServer(new ApiAccess(data, Kubeconfig.Read([data])), TimeProvider.System).Dispose();
    }

    [Fact]
    public void of_several_files_the_first_that_names_a_thing_is_believed()
    {
        string first = Write("a", "current-context: lab\nclusters:\n- name: here\n  cluster: { server: 'https://10.0.0.9:6443' }\n");
        string second = Write("b", Config().Replace("current-context: lab", "current-context: other", StringComparison.Ordinal));

        KubernetesClientConfiguration config = Kubeconfig.Read([first, Path("none"), second]);

        Assert.Equal(("https://10.0.0.9:6443", "secret"), (config.Host, config.AccessToken));
    }

    [Fact]
    public async Task a_token_file_beside_it_is_read_each_time()
    {
        File.WriteAllText(Path("token"), "one\n");
        KubernetesClientConfiguration config = Kubeconfig.Read([Write("a", Config(user: "{ tokenFile: token }"))]);
        Assert.Equal("Bearer one", (await config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).ToString());

        File.WriteAllText(Path("token"), "two\n");
        Assert.Equal("Bearer two", (await config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).ToString());

        File.WriteAllText(Path("token"), "\n");
        SourceException e = await Assert.ThrowsAsync<SourceException>(() => config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None));
        Assert.Equal($"The token file {Path("token")} is empty: write a bearer token of the cluster into it.", e.Message);

        File.Delete(Path("token"));
        e = await Assert.ThrowsAsync<SourceException>(() => config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None));
        Assert.StartsWith($"The token file {Path("token")} cannot be read (", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_program_that_gives_the_token()
    {
        string plugin = Write("plugin", """
            #!/bin/sh
            echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"made"}}'

            """);
        File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        KubernetesClientConfiguration config = Kubeconfig.Read(
            [Write("a", Config(user: $"{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: {plugin} }} }}"))]);

        Assert.Equal("Bearer made", (await config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).ToString());
    }

    [Fact]
    public async Task the_places_are_tried_in_order()
    {
        string named = Write("named", Config());
        string environment = Write("environment", Config().Replace("10.0.0.1", "10.0.0.2", StringComparison.Ordinal));
        string home = Write("home", Config().Replace("10.0.0.1", "10.0.0.3", StringComparison.Ordinal));
        ApiPlaces nowhere = new("", Path("none"), "", "", Path("account"), "node-1");
        KubernetesSourceOptions plain = new();

        Assert.Equal("https://10.0.0.1:6443", (await Find(new KubernetesSourceOptions { Kubeconfig = named }, nowhere with { Kubeconfig = environment })).Config.Host);
        Assert.Equal("https://10.0.0.2:6443", (await Find(plain, nowhere with { Kubeconfig = $"{Path("none")}:{environment}", HomeKubeconfig = home })).Config.Host);
        Assert.Equal("https://10.0.0.3:6443", (await Find(plain, nowhere with { HomeKubeconfig = home })).Config.Host);
        SourceException e = await Assert.ThrowsAsync<SourceException>(() => Find(plain, nowhere));
        Assert.Equal(
            $"No cluster is known: there is no KUBECONFIG, no service account and no {Path("none")}: set [sources.kubernetes] kubeconfig.", e.Message);
        Assert.False(ApiAccess.IsNamed(plain, nowhere with { HomeKubeconfig = home }));
        Assert.True(ApiAccess.IsNamed(plain, nowhere with { Kubeconfig = environment }));
    }

    [Fact]
    public async Task in_a_pod_the_service_account_is_used()
    {
        Directory.CreateDirectory(Path("account"));
        File.WriteAllText(Path("account/token"), "one");
        ApiPlaces pod = new("", Path("none"), "fd00::1", "443", Path("account"), "node-1");
        SourceException e = await Assert.ThrowsAsync<SourceException>(() => Find(new KubernetesSourceOptions(), pod));
        Assert.StartsWith($"The certificates of the cluster in {Path("account/ca.crt")} cannot be read (", e.Message, StringComparison.Ordinal);

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = new CertificateRequest("CN=ca", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File.WriteAllText(Path("account/ca.crt"), authority.ExportCertificatePem());
        ApiAccess access = await Find(new KubernetesSourceOptions(), pod);

        Assert.True(ApiAccess.IsNamed(new KubernetesSourceOptions(), pod));
        Assert.Equal(("https://[fd00::1]", 1), (access.Config.Host, access.Config.SslCaCerts.Count));
        Assert.Equal("Bearer one", (await access.Config.TokenProvider.GetAuthenticationHeaderAsync(CancellationToken.None)).ToString());
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static Task<ApiAccess> Find(KubernetesSourceOptions options, ApiPlaces places) => ApiAccess.FindAsync(options, places, CancellationToken.None);

    private static string Problem(string path) => Assert.Throws<SourceException>(() => Kubeconfig.Read([path])).Message;

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(text));

    private static string Config(string authority = "insecure-skip-tls-verify: true", string user = "{ token: secret }") => $"""
        apiVersion: v1
        kind: Config
        current-context: lab
        contexts:
        - name: lab
          context: {"{"} cluster: here, user: me {"}"}
        clusters:
        - name: here
          cluster:
            server: https://10.0.0.1:6443
            {authority}
        users:
        - name: me
          user: {user}

        """;

    private string Path(string name) => System.IO.Path.Combine(_directory, name);

    private string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }
}
