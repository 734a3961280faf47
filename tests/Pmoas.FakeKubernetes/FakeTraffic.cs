using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Pmoas.FakeKubernetes;

/// <summary>What clients asked, the watches that are open, and the pages that are still to be fetched. Thread-safe.</summary>
internal sealed class FakeTraffic
{
    private readonly Lock _lock = new();
    private readonly List<FakeWatch> _open = [];
    private readonly List<string> _watchVersions = [];
    private readonly HashSet<string> _rights = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FakePage> _pages = [];
    private int _lists;
    private int _listPages;
    private int _lost;

    /// <summary>Lists begun.</summary>
    public int Lists => Volatile.Read(ref _lists);

    /// <summary>Pages of lists asked for, the first ones too.</summary>
    public int ListPages => Volatile.Read(ref _listPages);

    /// <summary>Lines that were swallowed in silence.</summary>
    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Watches begun.</summary>
    public int Watches => WatchVersions.Count;

    /// <summary>The version each watch was begun from, in order.</summary>
    public IReadOnlyList<string> WatchVersions
    {
        get
        {
            lock (_lock)
            {
                return [.. _watchVersions];
            }
        }
    }

    /// <summary>Watches that are open now.</summary>
    public int OpenWatches
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>What a client has to be allowed for all it asked, each as "verb group/resource", in order; the core group is empty.</summary>
    public IReadOnlyList<string> Rights
    {
        get
        {
            lock (_lock)
            {
                return [.. _rights.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Waits until so many watches were begun, and one is open.</summary>
    /// <exception cref="TimeoutException">That took more than 20 s.</exception>
    public async Task WatchedAsync(int watches = 1)
    {
        for (int i = 0; i < 2000; i++)
        {
            if (Watches >= watches && OpenWatches > 0)
            {
                return;
            }
            await Task.Delay(10);
        }
        throw new TimeoutException($"{Watches} watches were begun, {OpenWatches} are open, and {watches} were waited for");
    }

    /// <summary>Notes what a request takes to be allowed, whatever is answered, as an API server's authorizer reads it.</summary>
    public void CountRequest(HttpRequest request)
    {
        string[] path = request.Path.ToString().Split('/', StringSplitOptions.RemoveEmptyEntries);
        (string group, string[] rest) = path switch
        {
            ["api", _, .. string[] core] => ("", core),
            ["apis", string named, _, .. string[] others] => (named, others),
            _ => (request.Path.ToString(), []),
        };
        rest = rest is ["namespaces", _, _, ..] ? rest[2..] : rest;
        bool isOne = rest.Length > 1;
        string verb = request.Method switch
        {
            "GET" or "HEAD" => isOne ? "get" : request.Query["watch"] == "true" || request.Query["watch"] == "1" ? "watch" : "list",
            "POST" => "create",
            "PUT" => "update",
            "DELETE" => isOne ? "delete" : "deletecollection",
            _ => request.Method.ToLowerInvariant(),
        };
        lock (_lock)
        {
            _rights.Add($"{verb} {group}/{string.Join('/', rest is [{ } resource, _, .. string[] below] ? [resource, .. below] : rest)}");
        }
    }

    /// <summary>Counts a page of a list.</summary>
    public void CountList(bool isFirstPage)
    {
        Interlocked.Increment(ref _listPages);
        if (isFirstPage)
        {
            Interlocked.Increment(ref _lists);
        }
    }

    /// <summary>Counts a line that is not sent.</summary>
    public void CountLost() => Interlocked.Increment(ref _lost);

    /// <summary>Counts a watch, also one that is refused.</summary>
    public void CountWatch(string version)
    {
        lock (_lock)
        {
            _watchVersions.Add(version);
        }
    }

    /// <summary>A watch begins to be served.</summary>
    public void Open(FakeWatch watch)
    {
        lock (_lock)
        {
            _open.Add(watch);
        }
    }

    /// <summary>A watch has ended.</summary>
    public void Close(FakeWatch watch)
    {
        lock (_lock)
        {
            _open.Remove(watch);
        }
    }

    /// <summary>Does something to every watch that is open.</summary>
    public void EachWatch(Action<FakeWatch> work)
    {
        FakeWatch[] open;
        lock (_lock)
        {
            open = [.. _open];
        }
        foreach (FakeWatch watch in open)
        {
            work(watch);
        }
    }

    /// <summary>Keeps the rest of a list, and gives its token.</summary>
    public string Keep(FakePage rest)
    {
        lock (_lock)
        {
            string token = $"page {_pages.Count.ToString(CultureInfo.InvariantCulture)}&=";
            _pages.Add(token, rest);
            return token;
        }
    }

    /// <summary>The rest a token stands for; without a token the list itself.</summary>
    public FakePage Page(string token, FakePage whole)
    {
        lock (_lock)
        {
            return token.Length == 0 ? whole : _pages[token];
        }
    }
}

/// <summary>A list, or what is left of it.</summary>
internal sealed record FakePage(long Version, IReadOnlyList<JsonObject> Pods);
