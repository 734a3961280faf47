using System.Text;
using System.Text.Json;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>The pods of a node as the API server told them, and the version that is. Not thread-safe.</summary>
internal sealed class WatchedPods(ILogger log)
{
    private Dictionary<(string Namespace, string Name), PodSpec> _pods = [];

    /// <summary>Where a watch goes on from; empty when only a list can tell.</summary>
    public string Version { get; private set; } = "";

    /// <summary>All of them.</summary>
    public IReadOnlyList<PodSpec> All => [.. _pods.Values];

    /// <summary>What is known is no longer to be built upon; it stays until a list replaces it.</summary>
    public void Distrust() => Version = "";

    /// <summary>Takes a whole list in place of what was known.</summary>
    public void Replace(string version, IEnumerable<PodSpec> pods)
    {
        _pods = [];
        foreach (PodSpec pod in pods)
        {
            _pods[(pod.Namespace, pod.Name)] = pod;
        }
        Version = version;
    }

    /// <summary>Takes one line of a watch.</summary>
    /// <returns>True when a pod is another one than before.</returns>
    /// <exception cref="GoneException">The server has forgotten the version of the watch.</exception>
    /// <exception cref="SourceException">The line tells another error, or is no event.</exception>
    public bool Take(ReadOnlySpan<byte> line, ApiFaults faults)
    {
        if (line.Trim(" \r\t"u8).IsEmpty)
        {
            return false;
        }
        try
        {
            if (JsonSerializer.Deserialize(line, ApiJson.Default.ApiEvent) is { Type: { Length: > 0 } type, Object: { ValueKind: JsonValueKind.Object } what })
            {
                return Take(type, what, faults);
            }
        }
        catch (JsonException e)
        {
            throw NoEvent(line, faults, e);
        }
        throw NoEvent(line, faults, e: null);
    }

    private bool Take(string type, JsonElement what, ApiFaults faults)
    {
        switch (type)
        {
            case "ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK":
                return Take(type, what.Deserialize(ApiJson.Default.ApiPod)!);
            case "ERROR":
                ApiStatus status = what.Deserialize(ApiJson.Default.ApiStatus)!;
                throw status.Code == 410 ? new GoneException() : faults.Broken(status);
            default:
                log.LogDebug("A watch event of the unknown type {Type} was passed over", type);
                return false;
        }
    }

    private bool Take(string type, ApiPod pod)
    {
        if (pod.Metadata?.ResourceVersion is not { Length: > 0 } version || type != "BOOKMARK" && pod.Metadata.Name is not { Length: > 0 })
        {
            throw new JsonException("no name or no version");
        }
        Version = version;
        if (type == "BOOKMARK")
        {
            return false;
        }
        (string, string) key = (pod.Metadata.Namespace ?? "", pod.Metadata.Name!);
        if (type == "DELETED")
        {
            return _pods.Remove(key);
        }
        PodSpec spec = PodSpecs.Of(pod);
        bool same = _pods.TryGetValue(key, out PodSpec? known) && known.IsSameAs(spec);
        _pods[key] = spec;
        return !same;
    }

    private static SourceException NoEvent(ReadOnlySpan<byte> line, ApiFaults faults, JsonException? e)
    {
        string begin = new([.. Encoding.UTF8.GetString(line[..Math.Min(line.Length, 60)]).Select(c => char.IsControl(c) ? ' ' : c)]);
        return faults.Garbled($"a line in a watch that is no event ({begin})", e);
    }
}
