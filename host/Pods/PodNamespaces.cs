using System.ComponentModel;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Pods;

/// <summary>Tells the kernel which network namespace belongs to which pod. Guarded by the lock of <see cref="PodDirectory"/>.</summary>
internal sealed class PodNamespaces(IKernelIdentity kernel, ILogger log)
{
    // By the name of the namespace they are in; a name that was given anew may hold some of the namespace before, until they are looked at.
    private readonly Dictionary<string, List<TrackedContainer>> _inside = new(StringComparer.Ordinal);
    private readonly HashSet<uint> _toldHost = [];
    private bool _toldRefused;

    /// <summary>Looks which namespace the main process is in now, and tags it unless it is the machine's own.</summary>
    public void Enter(TrackedContainer container, int pid)
    {
        if (NetworkNamespace.NameOf(pid) is not { } name)
        {
            return;
        }
        bool isHost = NetworkNamespace.IsHost(name);
        if (isHost && container.Settled && _toldHost.Add(container.PodId))
        {
            log.LogInformation(
                "Pod {Namespace}/{Pod} uses the machine's own network: its packets cannot be told from others', its sockets can",
                container.Pod.Namespace, container.Pod.Name);
        }
        if (name == container.NamespaceName)
        {
            return;
        }
        Leave(container);
        container.NamespaceName = name;
        container.Cookie = isHost ? null : CookieOf(name, pid);
        if (container.Cookie is { } cookie)
        {
            (_inside.TryGetValue(name, out List<TrackedContainer>? inside) ? inside : _inside[name] = []).Add(container);
            Tell(() => kernel.TagPod(cookie, container.PodId));
        }
    }

    /// <summary>Takes the container out of its namespace, which is forgotten unless another one is in it.</summary>
    public void Leave(TrackedContainer container)
    {
        if (container.Cookie is not { } cookie)
        {
            return;
        }
        List<TrackedContainer> inside = _inside[container.NamespaceName];
        inside.Remove(container);
        if (inside.Count == 0)
        {
            _inside.Remove(container.NamespaceName);
        }
        (container.NamespaceName, container.Cookie) = ("", null);
        if (inside.Find(other => other.Cookie == cookie) is { } other)
        {
            Tell(() => kernel.TagPod(cookie, other.PodId));
        }
        else
        {
            Tell(() => kernel.UntagPod(cookie));
        }
    }

    private void Tell(Action what)
    {
        try
        {
            what();
        }
        catch (BpfException e)
        {
            log.LogError("The kernel did not take the tag of a network namespace, so packets are counted for the wrong pod or for none: {Reason}", e.Message);
        }
    }

    /// <summary>The containers of a pod share a namespace: entered once, it is known for all whose processes are seen to be in it still.</summary>
    private ulong? CookieOf(string name, int pid)
    {
        if (_inside.TryGetValue(name, out List<TrackedContainer>? inside) && inside.Find(other => NetworkNamespace.NameOf(other.Main) == name) is { } other)
        {
            return other.Cookie;
        }
        try
        {
            return NetworkNamespace.CookieOf(pid);
        }
        catch (Win32Exception e)
        {
            if (!_toldRefused)
            {
                _toldRefused = true;
                log.LogWarning("Packets are not counted by pod: {Reason}; CAP_SYS_ADMIN is needed to enter a network namespace", e.Message);
            }
            return null;
        }
    }
}
