using System.Collections.Concurrent;
using System.Net;
using System.Text;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Pmoas.FakeKubernetes;

/// <summary>
/// A pretended Kubernetes API server on loopback, as far as clients of pods need one: discovery, list in pages, watch with bookmarks, nodes;
/// TLS by its own authority, a bearer token; and every fault a real one has, at a test's word. Thread-safe.
/// </summary>
internal sealed class FakeKubernetesApi : IAsyncDisposable
{
    private readonly FakeCertificates _certificates = new();
    private readonly FakePods _pods = new();
    private readonly FakeRefusals _refusals = new();
    private readonly ConcurrentDictionary<string, bool> _nodes = [];
    private WebApplication? _app;

    private FakeKubernetesApi()
    {
    }

    /// <summary>Port on 127.0.0.1; the same after it was gone and came back.</summary>
    public int Port { get; private set; }

    /// <summary>Where clients ask.</summary>
    public string Url => $"https://127.0.0.1:{Port}";

    /// <summary>The authority that clients must trust.</summary>
    public string AuthorityPem => _certificates.AuthorityPem;

    /// <summary>The bearer token that is accepted.</summary>
    public string Token { get; set; } = "fake-token";

    /// <summary>What was asked so far.</summary>
    public FakeTraffic Traffic { get; } = new();

    /// <summary>The version of the last change.</summary>
    public long Version => _pods.Version;

    /// <summary>True: watches stay open, and nothing comes; what would have come is lost to them.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Bytes of a watch sent at once, and the pause after them; null: as they come.</summary>
    public (int Bytes, TimeSpan Pause)? Trickle { get; set; }

    /// <summary>Starts one with no pod and no node, at a free port.</summary>
    public static async Task<FakeKubernetesApi> StartAsync()
    {
        FakeKubernetesApi api = new();
        await api.ComeBackAsync();
        return api;
    }

    /// <summary>Adds or changes a pod.</summary>
    public void Put(V1Pod pod) => _pods.Put(pod);

    /// <summary>Deletes a pod.</summary>
    public void Delete(string space, string name) => _pods.Delete(space, name);

    /// <summary>Makes a node known.</summary>
    public void AddNode(string name) => _nodes.TryAdd(name, true);

    /// <summary>True for a node that was made known.</summary>
    public bool HasNode(string name) => _nodes.ContainsKey(name);

    /// <summary>Changes something else in the cluster, so that the version grows.</summary>
    public void Advance() => _pods.Advance();

    /// <summary>Forgets what happened: a watch from before begins with the error 410.</summary>
    public void Compact() => _pods.Compact();

    /// <summary>Answers a verb (list, watch or get) with an error, so many times.</summary>
    public void Refuse(string verb, int code, string message = "told to", TimeSpan? retryAfter = null, int times = int.MaxValue) =>
        _refusals.Add(verb, new FakeRefusal(code, message, retryAfter), times);

    /// <summary>Answers the next request for a further page of a list with an error.</summary>
    public void RefusePage(int code) => _refusals.Add("page", new FakeRefusal(code, "told to", RetryAfter: null), times: 1);

    /// <summary>Refuses nothing any more.</summary>
    public void Heal() => _refusals.Clear();

    /// <summary>Sends every watch a bookmark of the version that is.</summary>
    public void SendBookmarks()
    {
        long version = _pods.Version;
        Traffic.EachWatch(watch => watch.Bookmark(version));
    }

    /// <summary>Sends every watch an error event, such as 410 Expired, and ends it.</summary>
    public void SendErrors(int code, string reason, string message) => Traffic.EachWatch(watch => watch.Error(code, reason, message));

    /// <summary>Sends every watch any text.</summary>
    public void SendText(string text) => Traffic.EachWatch(watch => watch.Send(text));

    /// <summary>Ends every watch in order.</summary>
    public void EndWatches() => Traffic.EachWatch(watch => watch.End());

    /// <summary>Cuts every watch's connection in the midst of a line.</summary>
    public void DropWatches() => Traffic.EachWatch(watch =>
    {
        watch.Send("""{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":""");
        watch.Abort();
    });

    /// <summary>The server is gone: nobody listens at its port, and its connections are cut.</summary>
    public async Task GoAwayAsync()
    {
        if (_app is not { } app)
        {
            return;
        }
        _app = null;
        Traffic.EachWatch(watch => watch.Abort());
        using (CancellationTokenSource now = new(TimeSpan.FromMilliseconds(200)))
        {
            await app.StopAsync(now.Token);
        }
        await app.DisposeAsync();
    }

    /// <summary>The server is there again, at the same port, with the pods it had.</summary>
    public async Task ComeBackAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are the test runner's
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = _certificates.Server });
        }));
        WebApplication app = builder.Build();
        app.Run(new FakeAnswers(this, _pods, _refusals).AnswerAsync);
        await app.StartAsync();
        Port = new Uri(app.Urls.Single()).Port;
        _app = app;
    }

    /// <summary>Writes a kubeconfig for this server.</summary>
    /// <param name="path">Where.</param>
    /// <param name="user">What stands under <c>user:</c> as YAML; null: the token.</param>
    public void WriteKubeconfig(string path, string? user = null) => File.WriteAllText(path, $"""
        apiVersion: v1
        kind: Config
        current-context: fake
        contexts:
        - name: fake
          context: {"{"} cluster: fake, user: fake {"}"}
        clusters:
        - name: fake
          cluster:
            server: {Url}
            certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(AuthorityPem))}
        users:
        - name: fake
          user: {user ?? $"{{ token: {Token} }}"}

        """);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await GoAwayAsync();
        _certificates.Dispose();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
