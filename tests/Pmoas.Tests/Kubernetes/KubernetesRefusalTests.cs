using System.Net;
using System.Net.Sockets;
using Pmoas.FakeKubernetes;
using Pmoas.Host.Pods.Sources;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubernetesRefusalTests : IAsyncLifetime
{
    private KubernetesLab _lab = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await KubernetesLab.StartAsync();
        _lab.Api.Put(Pod("web"));
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task a_token_that_is_not_accepted()
    {
        _lab.Api.Token = "another";

        Assert.Equal(
            $"The API server {_lab.Api.Url} does not accept the credentials (401: Unauthorized): renew the token or certificate in {_lab.Kubeconfig}.",
            await _lab.ProblemAsync());
    }

    [Theory]
    [InlineData("list")]
    [InlineData("watch")]
    public async Task a_user_that_may_not(string verb)
    {
        _lab.Api.Refuse(verb, 403, $"pods is forbidden: User \"x\" cannot {verb} resource \"pods\"");

        Assert.Equal(
            $"The API server {_lab.Api.Url} does not allow to {verb} pods (403: pods is forbidden: User \"x\" cannot {verb} resource \"pods\"): bind a "
            + $"ClusterRole with list and watch on pods to the user of {_lab.Kubeconfig}; packaging/kubernetes/base/rbac.yaml has one.",
            await _lab.ProblemAsync());
    }

    [Fact]
    public async Task a_server_of_something_else()
    {
        _lab.Api.Refuse("list", 404, "page not found");

        Assert.Equal(
            $"The API server {_lab.Api.Url} has no pods to list (404: page not found): set the server in {_lab.Kubeconfig} to the address of a Kubernetes API server.",
            await _lab.ProblemAsync());
    }

    [Fact]
    public async Task a_server_that_asks_to_wait_says_how_long()
    {
        _lab.Api.Refuse("list", 429, "too many requests", TimeSpan.FromSeconds(7));

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => _lab.Run());

        Assert.Equal(TimeSpan.FromSeconds(7), e.RetryAfter);
        Assert.Equal(
            $"The API server {_lab.Api.Url} asks to wait (429: too many requests): if that lasts, see its load and its priority levels.", e.Message);
    }

    [Fact]
    public async Task a_watch_that_has_to_wait_is_resumed_after_it_without_a_list()
    {
        _lab.Api.Refuse("watch", 429, "too many requests", TimeSpan.FromSeconds(1), times: 1);
        Host.Pods.Sources.Kubernetes.KubernetesSource source = _lab.Source();
        await Assert.ThrowsAsync<SourceException>(() => _lab.Run(source));

        _ = _lab.Run(source);
        await _lab.WatchedAsync(2);

        Assert.Equal(1, _lab.Api.Traffic.Lists);
    }

    [Fact]
    public async Task a_server_that_fails()
    {
        _lab.Api.Refuse("list", 500, "etcdserver: leader changed");

        Assert.Equal(
            $"The API server {_lab.Api.Url} failed to list pods (500: etcdserver: leader changed): see the log of kube-apiserver.", await _lab.ProblemAsync());
    }

    [Fact]
    public async Task an_error_in_the_midst_of_a_watch_that_is_not_410()
    {
        Task run = _lab.Run();
        await _lab.WatchedAsync();

        _lab.Api.SendErrors(500, "InternalError", "an error on the server");

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => run);
        Assert.Equal($"The API server {_lab.Api.Url} failed to watch pods (500: an error on the server): see the log of kube-apiserver.", e.Message);
    }

    [Theory]
    [InlineData("<html>Bad gateway</html>\n", "<html>Bad gateway</html>")]
    [InlineData("{\"type\":\"ADDED\"}\n", "{\"type\":\"ADDED\"}")]
    [InlineData("{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}")]
    [InlineData("{\"type\":\"ADDED\",\"object\":null}\n", "{\"type\":\"ADDED\",\"object\":null}")]
    [InlineData("null\n", "null")]
    [InlineData("[1]\n", "[1]")]
    public async Task a_line_that_is_no_event_and_the_list_after_it(string line, string excerpt)
    {
        Host.Pods.Sources.Kubernetes.KubernetesSource source = _lab.Source();
        Task run = _lab.Run(source);
        await _lab.WatchedAsync();

        _lab.Api.SendText(line);

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => run);
        Assert.Equal(
            $"The API server {_lab.Api.Url} sent a line in a watch that is no event ({excerpt}): see whether {_lab.Kubeconfig} names a Kubernetes API server, "
            + "and what stands between it and this node.",
            e.Message);
        _ = _lab.Run(source);
        await _lab.WatchedAsync(2);
        Assert.Equal(2, _lab.Api.Traffic.Lists);
    }

    [Fact]
    public async Task an_event_of_a_kind_of_tomorrow_is_passed_over()
    {
        _ = _lab.Run();
        await _lab.WatchedAsync();

        _lab.Api.SendText("{\"type\":\"FORETOLD\",\"object\":{\"metadata\":{\"name\":\"x\"}}}\n\n");
        _lab.Api.Put(Pod("db"));

        await _lab.PodsAsync("web", "db");
        Assert.Equal((1, 1), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task nobody_listens()
    {
        await _lab.Api.GoAwayAsync();

        Assert.Equal(
            $"The API server {_lab.Api.Url} cannot be reached (Connection refused): see whether it runs, and whether {_lab.Kubeconfig} names the right server.",
            await _lab.ProblemAsync());
    }

    [Fact]
    public async Task a_server_whose_authority_is_another()
    {
        await using FakeKubernetesApi other = await FakeKubernetesApi.StartAsync();
        File.WriteAllText(_lab.Kubeconfig, "");
        other.WriteKubeconfig(_lab.Kubeconfig);
        File.WriteAllText(_lab.Kubeconfig, File.ReadAllText(_lab.Kubeconfig).Replace(other.Url, _lab.Api.Url, StringComparison.Ordinal));

        string problem = await _lab.ProblemAsync();

        Assert.StartsWith($"The API server {_lab.Api.Url} is not trusted (", problem, StringComparison.Ordinal);
        Assert.EndsWith($"): set the certificate authority in {_lab.Kubeconfig} to the one that signed its certificate.", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_server_whose_certificate_is_for_another_name()
    {
        File.WriteAllText(_lab.Kubeconfig, File.ReadAllText(_lab.Kubeconfig).Replace("127.0.0.1", "127.0.0.2", StringComparison.Ordinal));
        using Socket forward = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        forward.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), _lab.Api.Port));
        forward.Listen();
        Task relay = RelayAsync(forward, _lab.Api.Port);

        Assert.Contains("is not trusted (", await _lab.ProblemAsync(), StringComparison.Ordinal);
        await relay;
    }

    [Fact]
    public async Task who_skips_verification_needs_no_authority()
    {
        string text = File.ReadAllText(_lab.Kubeconfig);
        int at = text.IndexOf("    certificate-authority-data", StringComparison.Ordinal);
        File.WriteAllText(_lab.Kubeconfig, text[..at] + "    insecure-skip-tls-verify: true" + text[text.IndexOf('\n', at)..]);

        _ = _lab.Run();

        await _lab.PodsAsync("web");
    }

    private static async Task RelayAsync(Socket listening, int port)
    {
        using Socket client = await listening.AcceptAsync();
        using TcpClient server = new();
        await server.ConnectAsync(IPAddress.Loopback, port);
        await using NetworkStream near = new(client);
        await Task.WhenAny(near.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(near));
    }
}
