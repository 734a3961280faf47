using Pmoas.Host.Config;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>The pods that the API server places on this node: listed once, then watched.</summary>
/// <remarks>
/// A watch that ends or breaks is begun again from the version heard last, also after the server was gone for a while: a list is asked for
/// only when the server has forgotten that version, or what it sent cannot be trusted.
/// </remarks>
internal sealed class KubernetesSource : IPodSource
{
    private const int Fruitless = 5;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private readonly WatchedPods _pods;
    private readonly KubernetesSourceOptions _options;
    private readonly ApiPlaces _places;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly string _node;
    private volatile string _endpoint;
    private volatile string _origin = "";
    private string _url = "";
    private DateTimeOffset _heard;
    private int _gone;

    /// <summary>A source that reads its credentials each time it is run.</summary>
    public KubernetesSource(KubernetesSourceOptions options, ILogger log, TimeProvider time) : this(options, ApiPlaces.OfProcess(), log, time)
    {
    }

    /// <summary>A source with other places to find credentials in.</summary>
    internal KubernetesSource(KubernetesSourceOptions options, ApiPlaces places, ILogger log, TimeProvider time)
    {
        (_options, _places, _log, _time) = (options, places, log, time);
        _pods = new WatchedPods(log);
        _node = options.NodeName.Length > 0 ? options.NodeName : places.NodeName;
        _endpoint = ApiAccess.Place(options, places);
    }

    /// <inheritdoc/>
    public string Name => "kubernetes";

    /// <inheritdoc/>
    public string Endpoint => _endpoint;

    /// <inheritdoc/>
    public string About => _origin.Length > 0 ? $"node {_node}, by {_origin}" : $"node {_node}";

    /// <summary>True when somebody named a cluster to this process, or it runs in one.</summary>
    public static bool IsOffered(KubernetesSourceOptions options) => ApiAccess.IsNamed(options, ApiPlaces.OfProcess());

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        ApiAccess access = await ApiAccess.FindAsync(_options, _places, stopping);
        _origin = access.Origin;
        using ApiServer server = new(access, _time);
        if (server.Url != _url || _time.GetUtcNow() - _heard > _options.WatchTimeout)
        {
            _pods.Distrust(); // perhaps it is another cluster by now
        }
        _endpoint = _url = server.Url;
        _gone = 0;
        try
        {
            while (true)
            {
                await ListAndWatchAsync(server, outlet, stopping);
            }
        }
        catch (SourceException e) when (e.RetryAfter is null)
        {
            _pods.Distrust();
            throw;
        }
        catch (Exception e) when (ApiServer.IsOfConnection(e))
        {
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
            {
                _pods.Distrust();
            }
            throw server.Faults.Unreachable(e);
        }
    }

    /// <summary>Returns when the server has forgotten where we stand.</summary>
    private async Task ListAndWatchAsync(ApiServer server, ISourceOutlet outlet, CancellationToken stopping)
    {
        try
        {
            if (_pods.Version.Length == 0)
            {
                // The first list may come from the server's cache; after a 410 that cache may be what is behind.
                await ListAsync(server, _gone == 0 ? "0" : "", outlet, stopping);
            }
            await WatchAsync(server, outlet, stopping);
        }
        catch (GoneException)
        {
            _pods.Distrust();
            if (++_gone > 2)
            {
                throw server.Faults.Garbled("410 Gone for the version it had just told itself");
            }
            _log.LogDebug("The API server {Url} forgot the version of the watch: the pods are listed anew", server.Url);
        }
    }

    private async Task ListAsync(ApiServer server, string version, ISourceOutlet outlet, CancellationToken stopping)
    {
        List<PodSpec> pods = [];
        string next = "";
        ApiPodList page;
        do
        {
            page = await server.ListAsync(_node, version, next, stopping);
            pods.AddRange((page.Items ?? []).OfType<ApiPod>().Select(PodSpecs.Of).Where(pod => pod.Name.Length > 0));
            next = page.Metadata?.Continue ?? "";
        }
        while (next.Length > 0);
        if (pods.Count == 0 && await server.HasNodeAsync(_node, stopping) == false)
        {
            throw new SourceException($"There is no node {_node} in the cluster of {server.Url}: set [sources.kubernetes] node_name, or NODE_NAME.");
        }
        _pods.Replace(page.Metadata?.ResourceVersion is { Length: > 0 } at ? at : throw server.Faults.Garbled("a list without a version"), pods);
        _heard = _time.GetUtcNow();
        outlet.Publish(_pods.All);
    }

    /// <summary>Watches, and watches again where the last watch ended, until the server cannot be asked.</summary>
    private async Task WatchAsync(ApiServer server, ISourceOutlet outlet, CancellationToken stopping)
    {
        int brief = 0;
        int fruitless = 0;
        while (true)
        {
            using HttpResponseMessage response = await server.WatchAsync(_node, _pods.Version, _options.WatchTimeout, stopping);
            Hear(outlet, changed: false);
            long begun = _time.GetTimestamp();
            bool heard = await FollowAsync(server, response, outlet, stopping);
            brief = _time.GetElapsedTime(begun) < Short ? brief + 1 : 0;
            fruitless = brief > 0 && !heard ? fruitless + 1 : 0;
            if (fruitless == Fruitless)
            {
                throw server.Faults.Garbled($"{Fruitless} watches in a row that ended at once");
            }
            if (brief > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 << Math.Min(brief, 5)) * (0.8 + 0.4 * Random.Shared.NextDouble()), _time, stopping);
            }
        }
    }

    /// <returns>True when the watch told anything before it ended.</returns>
    private async Task<bool> FollowAsync(ApiServer server, HttpResponseMessage response, ISourceOutlet outlet, CancellationToken stopping)
    {
        bool heard = false;
        bool changed = false;
        try
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(stopping);
            // The server ends the watch itself when the time is over; who says nothing for longer is dead.
            WatchLines lines = new(body, _options.WatchTimeout * 1.1, _time);
            while (await lines.NextAsync(stopping) is { } line)
            {
                changed |= _pods.Take(line.Span, server.Faults);
                heard = true;
                _gone = 0;
                if (!lines.HasNext) // a burst is published once
                {
                    Hear(outlet, changed);
                    changed = false;
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw server.Faults.Garbled(e.Message, e);
        }
        catch (Exception e) when (ApiServer.IsOfConnection(e))
        {
            _log.LogDebug(e, "The watch of {Url} broke at version {Version} and is resumed", server.Url, _pods.Version);
        }
        return heard;
    }

    private void Hear(ISourceOutlet outlet, bool changed)
    {
        _heard = _time.GetUtcNow();
        if (changed)
        {
            outlet.Publish(_pods.All);
        }
        else
        {
            outlet.Alive();
        }
    }
}
