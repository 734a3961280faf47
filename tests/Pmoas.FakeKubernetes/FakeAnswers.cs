using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Pmoas.FakeKubernetes;

/// <summary>Answers what clients ask, from the pods and as the test says. Thread-safe.</summary>
internal sealed class FakeAnswers(FakeKubernetesApi api, FakePods pods, FakeRefusals refusals)
{
    /// <summary>Answers one request.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        api.Traffic.CountRequest(context.Request);
        if (context.Request.Headers.Authorization != $"Bearer {api.Token}")
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
        if (refusals.Take("get") is { } refusal)
        {
            await RefuseAsync(response, refusal);
        }
        else if (!api.HasNode(node))
        {
            await FakeStatus.WriteAsync(response, 404, "NotFound", $"nodes \"{node}\" not found");
        }
        else
        {
            response.ContentType = "application/json";
            await response.WriteAsync(new JsonObject
            {
                ["kind"] = "Node",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["name"] = node },
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
        api.Traffic.CountList(isFirstPage: next.Length == 0);
        if (refusals.Take(next.Length == 0 ? "list" : "page") is { } refusal)
        {
            await RefuseAsync(context.Response, refusal);
            return;
        }
        (long version, IReadOnlyList<JsonObject> all) = pods.Snapshot();
        JsonObject[] fitting = [.. all.Where(selector.Takes)];
        FakePage page = api.Traffic.Page(next, new FakePage(version, fitting));
        int limit = int.TryParse(context.Request.Query["limit"], CultureInfo.InvariantCulture, out int told) && told > 0 ? told : int.MaxValue;
        JsonObject meta = new() { ["resourceVersion"] = page.Version.ToString(CultureInfo.InvariantCulture) };
        if (page.Pods.Count > limit)
        {
            meta["continue"] = api.Traffic.Keep(page with { Pods = [.. page.Pods.Skip(limit)] });
            meta["remainingItemCount"] = page.Pods.Count - limit;
        }
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject
        {
            ["kind"] = "PodList",
            ["apiVersion"] = "v1",
            ["metadata"] = meta,
            ["items"] = new JsonArray([.. page.Pods.Take(limit).Select(pod => pod.DeepClone())]),
        }.ToJsonString());
    }

    private async Task WatchAsync(HttpContext context, FakeSelector selector)
    {
        IQueryCollection query = context.Request.Query;
        string version = query["resourceVersion"].ToString();
        api.Traffic.CountWatch(version);
        if (refusals.Take("watch") is { } refusal)
        {
            await RefuseAsync(context.Response, refusal);
            return;
        }
        FakeWatch watch = new(api, selector, query["allowWatchBookmarks"] == "true");
        if (!pods.TryWatch(long.TryParse(version, CultureInfo.InvariantCulture, out long from) ? from : 0, watch.Tell, out Action end))
        {
            watch.Error(410, "Expired", $"too old resource version: {version} ({pods.Version})");
        }
        api.Traffic.Open(watch);
        try
        {
            TimeSpan time = int.TryParse(query["timeoutSeconds"], CultureInfo.InvariantCulture, out int seconds) && !api.IsSilent
                ? TimeSpan.FromSeconds(seconds)
                : Timeout.InfiniteTimeSpan;
            await watch.RunAsync(context, time);
        }
        finally
        {
            api.Traffic.Close(watch);
            end();
        }
    }

    private static Task RefuseAsync(HttpResponse response, FakeRefusal refusal) =>
        FakeStatus.WriteAsync(response, refusal.Code, refusal.Reason, refusal.Message, refusal.RetryAfter);
}
