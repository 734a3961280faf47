using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
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
    private readonly FakeTraffic _traffic = new();
    private readonly HashSet<string> _nodes = [];
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
    public FakeTraffic Traffic => _traffic;

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
    public void AddNode(string name)
    {
        lock (_nodes)
        {
            _nodes.Add(name);
        }
    }

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
        _traffic.EachWatch(watch => watch.Bookmark(version));
    }

    /// <summary>Sends every watch an error event, such as 410 Expired, and ends it.</summary>
    public void SendErrors(int code, string reason, string message) => _traffic.EachWatch(watch => watch.Error(code, reason, message));

    /// <summary>Sends every watch any text.</summary>
    public void SendText(string text) => _traffic.EachWatch(watch => watch.Send(text));

    /// <summary>Ends every watch in order.</summary>
    public void EndWatches() => _traffic.EachWatch(watch => watch.End());

    /// <summary>Cuts every watch's connection in the midst of a line.</summary>
    public void DropWatches() => _traffic.EachWatch(watch =>
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
        _traffic.EachWatch(watch => watch.Abort());
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
        app.Run(AnswerAsync);
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

    private async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await FakeStatus.WriteAsync(response, 401, "Unauthorized", "Unauthorized");
        }
        else if (FakeDiscovery.At(context.Request.Path) is { } document)
        {
            response.ContentType = "application/json";
            await response.WriteAsync(document);
        }
        else
        {
            await (((string?)context.Request.Path)?.Split('/') switch
            {
                ["", "api", "v1", "pods"] => PodsAsync(context, space: null),
                ["", "api", "v1", "namespaces", { } space, "pods"] => PodsAsync(context, space),
                ["", "api", "v1", "nodes", { } node] => NodeAsync(response, node),
                _ => FakeStatus.WriteAsync(response, 404, "NotFound", "the server could not find the requested resource"),
            });
        }
    }

    private async Task NodeAsync(HttpResponse response, string node)
    {
        bool isKnown;
        lock (_nodes)
        {
            isKnown = _nodes.Contains(node);
        }
        if (_refusals.Take("get") is { } refusal)
        {
            await RefuseAsync(response, refusal);
        }
        else if (!isKnown)
        {
            await FakeStatus.WriteAsync(response, 404, "NotFound", $"nodes \"{node}\" not found");
        }
        else
        {
            response.ContentType = "application/json";
            await response.WriteAsync(new JsonObject
            {
                ["kind"] = "Node", ["apiVersion"] = "v1", ["metadata"] = new JsonObject { ["name"] = node },
            }.ToJsonString());
        }
    }

    private async Task PodsAsync(HttpContext context, string? space)
    {
        IQueryCollection query = context.Request.Query;
        if (FakeSelector.Parse(space, query["fieldSelector"]) is not { } selector)
        {
            await FakeStatus.WriteAsync(context.Response, 400, "BadRequest", "field label not supported");
        }
        else if (query["watch"] == "true" || query["watch"] == "1")
        {
            await WatchAsync(context, selector);
        }
        else
        {
            await ListAsync(context, selector);
        }
    }

    private async Task ListAsync(HttpContext context, FakeSelector selector)
    {
        string next = context.Request.Query["continue"].ToString();
        _traffic.CountList(isFirstPage: next.Length == 0);
        if (_refusals.Take(next.Length == 0 ? "list" : "page") is { } refusal)
        {
            await RefuseAsync(context.Response, refusal);
            return;
        }
        (long version, IReadOnlyList<JsonObject> pods) = _pods.Snapshot();
        JsonObject[] fitting = [.. pods.Where(selector.Takes)];
        FakePage page = _traffic.Page(next, new FakePage(version, fitting));
        int limit = int.TryParse(context.Request.Query["limit"], CultureInfo.InvariantCulture, out int told) && told > 0 ? told : int.MaxValue;
        JsonObject meta = new() { ["resourceVersion"] = page.Version.ToString(CultureInfo.InvariantCulture) };
        if (page.Pods.Count > limit)
        {
            meta["continue"] = _traffic.Keep(page with { Pods = [.. page.Pods.Skip(limit)] });
            meta["remainingItemCount"] = page.Pods.Count - limit;
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject
        {
            ["kind"] = "PodList", ["apiVersion"] = "v1", ["metadata"] = meta, ["items"] = new JsonArray([.. page.Pods.Take(limit).Select(pod => pod.DeepClone())]),
        }.ToJsonString());
    }

    private async Task WatchAsync(HttpContext context, FakeSelector selector)
    {
        IQueryCollection query = context.Request.Query;
        string version = query["resourceVersion"].ToString();
        _traffic.CountWatch(version);
        if (_refusals.Take("watch") is { } refusal)
        {
            await RefuseAsync(context.Response, refusal);
            return;
        }
        FakeWatch watch = new(this, selector, query["allowWatchBookmarks"] == "true");
        if (!_pods.TryWatch(long.TryParse(version, CultureInfo.InvariantCulture, out long from) ? from : 0, watch.Tell, out Action end))
        {
            watch.Error(410, "Expired", $"too old resource version: {version} ({_pods.Version})");
        }
        _traffic.Open(watch);
        try
        {
            TimeSpan time = int.TryParse(query["timeoutSeconds"], CultureInfo.InvariantCulture, out int seconds) && !IsSilent
                ? TimeSpan.FromSeconds(seconds)
                : Timeout.InfiniteTimeSpan;
            await watch.RunAsync(context, time);
        }
        finally
        {
            _traffic.Close(watch);
            end();
        }
    }

    private static Task RefuseAsync(HttpResponse response, FakeRefusal refusal) =>
        FakeStatus.WriteAsync(response, refusal.Code, refusal.Reason, refusal.Message, refusal.RetryAfter);

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
