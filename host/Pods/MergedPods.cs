namespace Pmoas.Host.Pods;

/// <summary>The list of <see cref="PodMerge"/> as it grows, with the ways to find a pod in it. One thread.</summary>
internal sealed class MergedPods(MergeMemory memory)
{
    // What was told, in the order of belief; and for each pod what was told of it. A pod that another one swallowed has no parts left.
    private readonly List<PodSpec> _told = [];
    private readonly List<(PodSpec Pod, List<int> Parts)> _pods = [];
    private readonly Dictionary<string, int> _byContainer = [];
    private readonly Dictionary<string, int> _byUid = [];
    private readonly Dictionary<(string Namespace, string Name), SortedSet<int>> _byName = [];

    /// <summary>Each pod once, in the order they were first told of.</summary>
    public IReadOnlyList<PodSpec> All => [.. _pods.Where(p => p.Parts.Count > 0).Select(p => p.Pod)];

    /// <summary>Takes what one source says about one pod; sources come in the order of belief.</summary>
    public void Add(PodSpec pod)
    {
        _told.Add(pod);
        // Containers that share a network may first have been seen one by one: all they belong to becomes one pod.
        SortedSet<int> known = Known(pod);
        if (known.Count == 0)
        {
            _pods.Add((pod, [_told.Count - 1]));
            Remember(pod, _pods.Count - 1);
            return;
        }
        int at = known.Min;
        // Put together anew, for what is swallowed may be more believed than what the pod has heard so far.
        List<int> parts = [.. known.SelectMany(k => _pods[k].Parts).Append(_told.Count - 1).Order()];
        foreach (int swallowed in known.Where(k => k != at))
        {
            _pods[swallowed].Parts.Clear();
        }
        _pods[at] = (parts.Select(part => _told[part]).Aggregate((first, second) => memory.Of(first, second, PodMerge.Both)), parts);
        Remember(_pods[at].Pod, at);
    }

    private SortedSet<int> Known(PodSpec pod)
    {
        SortedSet<int> known = [];
        foreach (string key in pod.Containers.SelectMany(KeysOf))
        {
            if (_byContainer.TryGetValue(key, out int at) && IsThere(at))
            {
                known.Add(at);
            }
        }
        if (pod.Uid.Length > 0 && _byUid.TryGetValue(pod.Uid, out int same) && IsThere(same))
        {
            known.Add(same);
        }
        // A StatefulSet's pod has the name of the one before it: a source that does not tell the UID means one of them, and never makes them one.
        string uid = pod.Uid.Length > 0 ? pod.Uid : known.Select(at => _pods[at].Pod.Uid).FirstOrDefault(u => u.Length > 0, "");
        foreach (int at in pod.Name.Length > 0 && _byName.TryGetValue((pod.Namespace, pod.Name), out SortedSet<int>? alike) ? alike : [])
        {
            string other = _pods[at].Pod.Uid;
            if (IsThere(at) && (uid.Length == 0 || other.Length == 0 || uid == other))
            {
                known.Add(at);
                uid = uid.Length > 0 ? uid : other;
            }
        }
        return known;
    }

    private bool IsThere(int at) => _pods[at].Parts.Count > 0;

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
            (_byName.TryGetValue((pod.Namespace, pod.Name), out SortedSet<int>? alike) ? alike : _byName[(pod.Namespace, pod.Name)] = []).Add(at);
        }
    }

    private static IEnumerable<string> KeysOf(ContainerSpec container) =>
        new[] { container.Id, container.CgroupPath }.Where(key => key.Length > 0);
}
