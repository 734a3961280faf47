using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Pmoas.FakeKubernetes;

/// <summary>Pods with versions, and what happened to them: what etcd is to a real server. Thread-safe.</summary>
internal sealed class FakePods
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _pods = new(StringComparer.Ordinal);
    private readonly List<FakeEvent> _history = [];
    private readonly List<Action<FakeEvent>> _watchers = [];
    private long _version = 1000;
    private long _compacted;

    /// <summary>The version of the last change.</summary>
    public long Version
    {
        get
        {
            lock (_lock)
            {
                return _version;
            }
        }
    }

    /// <summary>Adds or changes a pod.</summary>
    public void Put(V1Pod pod)
    {
        lock (_lock)
        {
            JsonObject json = JsonNode.Parse(KubernetesJson.Serialize(pod))!.AsObject();
            (json["apiVersion"], json["kind"]) = ("v1", "Pod");
            JsonObject meta = json["metadata"]!.AsObject();
            meta["namespace"] ??= "default";
            string key = Key((string)meta["namespace"]!, (string)meta["name"]!);
            JsonObject? before = _pods.GetValueOrDefault(key);
            meta["uid"] ??= before is null ? Guid.NewGuid().ToString() : (string)before["metadata"]!["uid"]!;
            meta["creationTimestamp"] ??= "2026-01-01T00:00:00Z";
            meta["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            _pods[key] = json;
            Tell(new FakeEvent(_version, before, json));
        }
    }

    /// <summary>Deletes a pod.</summary>
    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public void Delete(string space, string name)
    {
        lock (_lock)
        {
            if (!_pods.Remove(Key(space, name), out JsonObject? pod))
            {
                throw new InvalidOperationException($"there is no pod {space}/{name}");
            }
            JsonObject last = pod.DeepClone().AsObject();
            last["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            Tell(new FakeEvent(_version, last, null));
        }
    }

    /// <summary>Changes something else in the cluster: the version grows, and no pod is touched.</summary>
    public void Advance()
    {
        lock (_lock)
        {
            _version++;
        }
    }

    /// <summary>Forgets what happened up to now.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _history.Clear();
            _compacted = _version;
        }
    }

    /// <summary>All pods as they are, and the version that is.</summary>
    public (long Version, IReadOnlyList<JsonObject> Pods) Snapshot()
    {
        lock (_lock)
        {
            return (_version, [.. _pods.Values]);
        }
    }

    /// <summary>Tells what happened after a version, and from now on; false when that is forgotten.</summary>
    /// <param name="version">0 or less: from now on, with what is there told as added.</param>
    /// <param name="tell">Called with the lock held: it must not wait.</param>
    /// <param name="end">Ends the telling.</param>
    public bool TryWatch(long version, Action<FakeEvent> tell, out Action end)
    {
        lock (_lock)
        {
            end = () =>
            {
                lock (_lock)
                {
                    _watchers.Remove(tell);
                }
            };
            if (version > 0 && version < _compacted)
            {
                return false;
            }
            foreach (FakeEvent one in version > 0
                ? _history.Where(one => one.Version > version)
                : _pods.Values.Select(pod => new FakeEvent(_version, null, pod)))
            {
                tell(one);
            }
            _watchers.Add(tell);
            return true;
        }
    }

    private void Tell(FakeEvent one)
    {
        _history.Add(one);
        foreach (Action<FakeEvent> tell in _watchers)
        {
            tell(one);
        }
    }

    private static string Key(string space, string name) => $"{space}/{name}";
}

/// <summary>What happened to a pod.</summary>
/// <param name="Version">The version it made.</param>
/// <param name="Before">The pod before it; null when it was made. Of a pod that was deleted, as it was last.</param>
/// <param name="After">The pod after it; null when it was deleted.</param>
internal sealed record FakeEvent(long Version, JsonObject? Before, JsonObject? After)
{
    /// <summary>What a watch with this selector tells of it: a pod that no longer fits is deleted for that watch. Null: nothing.</summary>
    public (string Type, JsonObject Pod)? For(FakeSelector selector)
    {
        bool was = Before is not null && selector.Takes(Before);
        bool after = After is not null && selector.Takes(After);
        return (was, after) switch
        {
            (false, true) => ("ADDED", After!),
            (true, true) => ("MODIFIED", After!),
            (true, false) => ("DELETED", After ?? Before!),
            _ => null,
        };
    }
}
