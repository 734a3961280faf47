using System.ComponentModel;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Pods;

/// <summary>Tells the kernel which network namespace belongs to which pod. Guarded by the lock of <see cref="PodDirectory"/>.</summary>
internal sealed class PodNamespaces(IKernelIdentity kernel, ILogger log)
{
    private readonly HashSet<uint> _toldHost = [];
    private bool _toldRefused;

    /// <summary>Looks which namespace the main process is in now, and tags it unless it is the machine's own.</summary>
    public void Enter(TrackedContainer container, int pid, IReadOnlyCollection<TrackedContainer> all)
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
        ulong? left = container.Cookie;
        container.NamespaceName = name;
        container.Cookie = isHost ? null : CookieOf(pid);
        Leave(left, all);
        if (container.Cookie is { } cookie)
        {
            Ask(() => kernel.TagPod(cookie, container.PodId));
        }
    }

    /// <summary>Forgets a namespace, unless another container is in it.</summary>
    public void Leave(ulong? cookie, IEnumerable<TrackedContainer> all)
    {
        if (cookie is null)
        {
            return;
        }
        if (all.FirstOrDefault(t => t.Cookie == cookie) is { } other)
        {
            Ask(() => kernel.TagPod(cookie.Value, other.PodId));
        }
        else
        {
            Ask(() => kernel.UntagPod(cookie.Value));
        }
    }

    private void Ask(Action what)
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

    private ulong? CookieOf(int pid)
    {
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
