using System.Diagnostics.CodeAnalysis;

namespace Pmoas.Host.Pods;

/// <summary>
/// The containers that are followed, one for each cgroup a source told of, and the numbers of their pods. Guarded by the lock of
/// <see cref="PodDirectory"/>.
/// </summary>
internal sealed class TrackedContainers
{
    private readonly Dictionary<string, TrackedContainer> _byPath = new(StringComparer.Ordinal);
    private HashSet<string> _paths = [];
    private uint _lastPod;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<TrackedContainer> All => _byPath.Values;

    /// <summary>The paths of their cgroups.</summary>
    public IReadOnlySet<string> Paths => _paths;

    /// <summary>The container a cgroup belongs to: its own, or the nearest one above.</summary>
    public bool TryOwnerOf(string path, [NotNullWhen(true)] out TrackedContainer? owner)
    {
        for (string at = path; at.Length > 0; at = at[..at.LastIndexOf('/')])
        {
            if (_byPath.TryGetValue(at, out owner))
            {
                return true;
            }
        }
        owner = null;
        return false;
    }

    /// <summary>Follows the containers that the pods have and no others.</summary>
    /// <param name="pods">Every pod that is watched, once.</param>
    /// <param name="now">The time.</param>
    /// <param name="given">The number that the kernel gave the pod of the container with this cgroup; null when it gave none.</param>
    /// <returns>Those that are new or described otherwise, and those that are not followed any more.</returns>
    public (List<TrackedContainer> Changed, List<TrackedContainer> Gone) Follow(IReadOnlyList<PodSpec> pods, DateTimeOffset now, Func<string, uint?> given)
    {
        List<TrackedContainer> changed = [];
        HashSet<string> told = new(StringComparer.Ordinal);
        PodIds ids = new(_byPath);
        foreach (PodSpec pod in pods)
        {
            uint podId = 0;
            foreach (ContainerSpec spec in pod.Containers)
            {
                if (spec.CgroupPath.Length == 0 || !told.Add(spec.CgroupPath))
                {
                    continue;
                }
                if (podId == 0)
                {
                    podId = ids.Of(pod) ?? given(spec.CgroupPath) ?? ++_lastPod;
                }
                if (Put(pod, spec, podId, now) is { } other)
                {
                    changed.Add(other);
                }
            }
        }
        List<TrackedContainer> gone = [.. _byPath.Values.Where(known => !told.Contains(known.Path))];
        foreach (TrackedContainer container in gone)
        {
            _byPath.Remove(container.Path);
        }
        _paths = told;
        return (changed, gone);
    }

    /// <returns>The container when it is new or described otherwise.</returns>
    private TrackedContainer? Put(PodSpec pod, ContainerSpec spec, uint podId, DateTimeOffset now)
    {
        if (!_byPath.TryGetValue(spec.CgroupPath, out TrackedContainer? known))
        {
            known = new TrackedContainer(pod, spec, podId, now);
            _byPath.Add(spec.CgroupPath, known);
            return known;
        }
        if (spec.Name.Length == 0 && !known.IsNameless && known.Running is not null && spec.Id == known.Spec.Id)
        {
            return null; // whoever named it does not know it any more: it keeps the name for as long as it runs
        }
        bool same = known.PodId == podId && known.Pod.IsDescribedLike(pod) && known.Spec.IsDescribedLike(spec);
        (known.Pod, known.Spec, known.PodId) = (pod, spec, podId);
        return same ? null : known;
    }

    /// <summary>Which number a pod has: the one its containers have, or its UID, or its name.</summary>
    private sealed class PodIds
    {
        private readonly Dictionary<string, TrackedContainer> _byPath;
        private readonly Dictionary<string, uint> _byUid = new(StringComparer.Ordinal);
        private readonly Dictionary<(string, string), uint> _byName = [];

        internal PodIds(Dictionary<string, TrackedContainer> byPath)
        {
            _byPath = byPath;
            foreach (TrackedContainer known in byPath.Values)
            {
                if (known.Pod.Uid.Length > 0)
                {
                    _byUid.TryAdd(known.Pod.Uid, known.PodId);
                }
                else if (known.Pod.Name.Length > 0)
                {
                    _byName.TryAdd((known.Pod.Namespace, known.Pod.Name), known.PodId);
                }
            }
        }

        /// <summary>Null for a pod that is new.</summary>
        internal uint? Of(PodSpec pod)
        {
            foreach (ContainerSpec spec in pod.Containers)
            {
                if (_byPath.TryGetValue(spec.CgroupPath, out TrackedContainer? known)
                    && (known.Pod.Uid.Length == 0 || pod.Uid.Length == 0 || known.Pod.Uid == pod.Uid))
                {
                    return known.PodId;
                }
            }
            return pod.Uid.Length > 0 && _byUid.TryGetValue(pod.Uid, out uint same) ? same
                : pod.Name.Length > 0 && _byName.TryGetValue((pod.Namespace, pod.Name), out same) ? same
                : null;
        }
    }
}
