namespace Pmoas.Host.Pods;

/// <summary>Makes one list of what several sources know about the same pods. Pure.</summary>
/// <remarks>
/// A pod is the same by a container's id or cgroup, by its UID, or by its name when not known to be another pod of that name.
/// Where sources differ the earlier one is believed, and later ones fill what it leaves empty.
/// </remarks>
internal static class PodMerge
{
    /// <summary>Each pod and each of its containers once.</summary>
    /// <param name="sources">The lists, the most believed first.</param>
    public static IReadOnlyList<PodSpec> Merge(IEnumerable<IReadOnlyList<PodSpec>> sources)
    {
        Merged merged = new();
        foreach (PodSpec pod in sources.SelectMany(pods => pods))
        {
            merged.Add(pod);
        }
        return merged.Pods;
    }

    /// <summary>Same name, and not known to be another pod of that name.</summary>
    public static bool IsSame(PodSpec a, PodSpec b) => a.Uid.Length > 0 && b.Uid.Length > 0
        ? a.Uid == b.Uid
        : a.Name.Length > 0 && a.Name == b.Name && a.Namespace == b.Namespace;

    private static PodSpec Both(PodSpec first, PodSpec second)
    {
        List<ContainerSpec> containers = [.. first.Containers];
        foreach (ContainerSpec container in second.Containers)
        {
            int known = containers.FindIndex(c => IsSame(c, container));
            if (known < 0)
            {
                containers.Add(container);
            }
            else
            {
                containers[known] = Both(containers[known], container);
            }
        }
        bool named = first.Name.Length > 0;
        return first with
        {
            Namespace = named ? first.Namespace : second.Namespace,
            Name = named ? first.Name : second.Name,
            Uid = Either(first.Uid, second.Uid),
            Labels = LabelSet.Both(first.Labels, second.Labels),
            Annotations = LabelSet.Both(first.Annotations, second.Annotations),
            Containers = containers,
            Ip = Either(first.Ip, second.Ip),
            HostIp = Either(first.HostIp, second.HostIp),
            Owner = Either(first.Owner, second.Owner),
            IsComplete = first.IsComplete || second.IsComplete,
            Sources = [.. first.Sources.Union(second.Sources)],
        };
    }

    /// <summary>By id or cgroup where both know it, else by name: a container that was started again has the name and another id.</summary>
    private static bool IsSame(ContainerSpec a, ContainerSpec b) =>
        a.Id.Length > 0 && b.Id.Length > 0 ? a.Id == b.Id
        : a.CgroupPath.Length > 0 && b.CgroupPath.Length > 0 ? a.CgroupPath == b.CgroupPath
        : a.Name.Length > 0 && a.Name == b.Name;

    private static ContainerSpec Both(ContainerSpec first, ContainerSpec second) => first with
    {
        Name = Either(first.Name, second.Name),
        Image = Either(first.Image, second.Image),
        CgroupPath = Either(first.CgroupPath, second.CgroupPath),
        Labels = LabelSet.Both(first.Labels, second.Labels),
        Annotations = LabelSet.Both(first.Annotations, second.Annotations),
        Kind = first.Kind == ContainerKind.Main ? second.Kind : first.Kind, // Main is also what a source says that does not know
        Id = Either(first.Id, second.Id),
        Pid = first.Pid > 0 ? first.Pid : second.Pid,
        RuntimePid = first.RuntimePid > 0 ? first.RuntimePid : second.RuntimePid,
    };

    private static string Either(string first, string second) => first.Length > 0 ? first : second;

    /// <summary>The list as it grows, with the ways to find a pod in it. A pod that another one swallowed is null.</summary>
    private sealed class Merged
    {
        private readonly List<PodSpec?> _pods = [];
        private readonly Dictionary<string, int> _byContainer = [];
        private readonly Dictionary<string, int> _byUid = [];
        private readonly Dictionary<(string Namespace, string Name), List<int>> _byName = [];

        internal IReadOnlyList<PodSpec> Pods => [.. _pods.OfType<PodSpec>()];

        internal void Add(PodSpec pod)
        {
            // Containers that share a network may first have been seen one by one: all they belong to becomes one pod.
            int[] known = [.. Known(pod).Where(at => _pods[at] is not null).Distinct().Order()];
            int at = known.Length > 0 ? known[0] : _pods.Count;
            if (known.Length == 0)
            {
                _pods.Add(pod);
            }
            else
            {
                PodSpec merged = _pods[at]!;
                foreach (int other in known.Skip(1))
                {
                    merged = Both(merged, _pods[other]!);
                    _pods[other] = null;
                }
                _pods[at] = Both(merged, pod);
            }
            Remember(_pods[at]!, at);
        }

        private IEnumerable<int> Known(PodSpec pod)
        {
            foreach (string key in pod.Containers.SelectMany(KeysOf))
            {
                if (_byContainer.TryGetValue(key, out int at))
                {
                    yield return at;
                }
            }
            if (pod.Uid.Length > 0 && _byUid.TryGetValue(pod.Uid, out int same))
            {
                yield return same;
            }
            foreach (int at in pod.Name.Length > 0 ? _byName.GetValueOrDefault((pod.Namespace, pod.Name), []) : [])
            {
                if (_pods[at] is { } other && IsSame(other, pod))
                {
                    yield return at;
                }
            }
        }

        private void Remember(PodSpec pod, int at)
        {
            foreach (string key in pod.Containers.SelectMany(KeysOf))
            {
                _byContainer[key] = at;
            }
            if (pod.Uid.Length > 0)
            {
                _byUid[pod.Uid] = at;
            }
            if (pod.Name.Length > 0)
            {
                List<int> alike = _byName.TryGetValue((pod.Namespace, pod.Name), out List<int>? list) ? list : _byName[(pod.Namespace, pod.Name)] = [];
                if (!alike.Contains(at))
                {
                    alike.Add(at);
                }
            }
        }

        private static IEnumerable<string> KeysOf(ContainerSpec container)
        {
            if (container.Id.Length > 0)
            {
                yield return container.Id;
            }
            if (container.CgroupPath.Length > 0)
            {
                yield return container.CgroupPath;
            }
        }
    }
}
