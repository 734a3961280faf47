using System.Diagnostics.CodeAnalysis;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Knows every pod and container of this node: merges what the sources say, applies the sidecar rules, finds the cgroups and keeps the
/// kernel's tags in step. <see cref="PodWatch"/> tells it when to look.
/// </summary>
/// <remarks>
/// Thread-safe. Readers take the snapshot of the last look and never wait. An id is given when a cgroup appears and never again,
/// so a container that comes back is another one; the one that ended stays readable for the linger time. A container is tagged as soon
/// as its cgroup is known; it is listed when a source has named it, or after <see cref="Naming"/> under its id.
/// </remarks>
internal sealed class PodDirectory : IContainerIndex
{
    /// <summary>What is shown of a container that nobody names stands under this namespace.</summary>
    public const string UnknownNamespace = "unknown";

    private const int ShortId = 12;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CgroupTree _tree;
    private readonly TimeProvider _time;
    private readonly KernelTags _tags;
    private readonly PodNamespaces _namespaces;
    private readonly SortedDictionary<int, IReadOnlyList<PodSpec>> _published = [];
    private readonly Dictionary<string, TrackedContainer> _tracked = [];
    private readonly EndedContainers _ended = new();
    private readonly List<ContainerChange> _news = [];
    private IReadOnlyList<SidecarRule> _rules;
    private IReadOnlyList<PodSpec> _pods = [];
    private HashSet<string> _paths = [];
    private uint _lastContainer;
    private uint _lastPod;
    private long _missed;
    private volatile Snapshot _snapshot = Snapshot.Empty;

    /// <summary>A directory that knows no pod yet.</summary>
    /// <param name="kernel">Told of every container's cgroups and processes.</param>
    /// <param name="tree">Where cgroups are found.</param>
    /// <param name="rules">What makes a sidecar.</param>
    /// <param name="linger">How long a container that ended stays readable.</param>
    /// <param name="log">Told what could not be done.</param>
    /// <param name="time">The clock of linger, of naming and of settling.</param>
    public PodDirectory(
        IKernelIdentity kernel, CgroupTree tree, IReadOnlyList<SidecarRule> rules, TimeSpan linger, ILogger log, TimeProvider time)
    {
        _tree = tree;
        _rules = rules;
        Linger = linger;
        _time = time;
        _tags = new KernelTags(kernel, log);
        _namespaces = new PodNamespaces(kernel, log);
    }

    /// <summary>News of containers, told after the readers' snapshot and the kernel have them, on the thread that looked.</summary>
    public event Action<ContainerChange>? Changed;

    /// <summary>How long a container that ended stays readable.</summary>
    public TimeSpan Linger { get; set; }

    /// <summary>Which pods are watched at all.</summary>
    public PodFilter Filter { get; private set; } = PodFilter.Everything;

    /// <summary>How long a container may wait for its name before it is shown under its id; zero when no source could name it.</summary>
    public TimeSpan Naming { get; set; } = TimeSpan.Zero;

    /// <inheritdoc/>
    public IReadOnlyCollection<Container> All => _snapshot.Listed;

    /// <summary>The pods as the sources describe them, merged; also those that do not run.</summary>
    public IReadOnlyList<PodSpec> Pods => _snapshot.Pods;

    /// <summary>Containers whose cgroup was gone before it could be tagged.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    /// <inheritdoc/>
    public bool TryGet(uint id, [NotNullWhen(true)] out Container? container) => _snapshot.ById.TryGetValue(id, out container);

    /// <summary>Takes the whole list of pods a source knows, in place of the one before.</summary>
    /// <param name="rank">Place of the source: a lower one is believed first.</param>
    /// <param name="source">Name of the source, for <see cref="PodSpec.Sources"/>.</param>
    /// <param name="pods">The list.</param>
    public void Publish(int rank, string source, IReadOnlyList<PodSpec> pods) => Locked(() =>
    {
        _published[rank] = [.. pods.Select(pod => pod with { Sources = [source] })];
        Remerge();
    });

    /// <summary>Forgets all that a source said: it is switched off.</summary>
    public void Withdraw(int rank) => Locked(() =>
    {
        if (_published.Remove(rank))
        {
            Remerge();
        }
    });

    /// <summary>Takes other rules, and which pods are watched. Containers that run are judged and tagged anew at once and keep their ids.</summary>
    public void SetRules(IReadOnlyList<SidecarRule> rules, PodFilter? filter = null) => Locked(() =>
    {
        _rules = rules;
        Filter = filter ?? Filter;
        Remerge();
        LookAt([.. _tracked.Values]);
    });

    /// <summary>Looks at every known cgroup and all below it.</summary>
    public void Look() => Locked(() => LookAt([.. _tracked.Values]));

    /// <summary>Looks only at what no cgroup event tells: containers not there yet, cgroups still empty, processes just started, lingers over.</summary>
    /// <returns>True when something is still open, and another look soon is worth it.</returns>
    public bool LookAtOpen()
    {
        bool open = false;
        Locked(() =>
        {
            LookAt([.. _tracked.Values.Where(t => t.IsOpen)]);
            open = _tracked.Values.Any(t => t.IsOpen);
        });
        return open;
    }

    /// <summary>Tags the sockets of every container's processes again: a plugin that attached later than they were opened has not seen them.</summary>
    public void EnrolAgain() => Locked(() =>
    {
        foreach (TrackedContainer container in _tracked.Values)
        {
            container.Enrolled.Clear();
        }
        LookAt([.. _tracked.Values]);
    });

    /// <summary>Counts a container whose cgroup was gone before it could be tagged.</summary>
    public void Miss() => Interlocked.Increment(ref _missed);

    /// <summary>True when a change of this cgroup can matter: it belongs to a known container, or leads to one.</summary>
    /// <param name="path">Relative to the hierarchy's root.</param>
    public bool Concerns(string path) => _snapshot.Paths.Any(own =>
        own.StartsWith(path, StringComparison.Ordinal) && (own.Length == path.Length || own[path.Length] == '/')
        || path.StartsWith(own, StringComparison.Ordinal) && path[own.Length] == '/');

    private void Locked(Action work)
    {
        ContainerChange[] news;
        lock (_lock)
        {
            work();
            news = [.. _news];
            _news.Clear();
        }
        foreach (ContainerChange change in news)
        {
            Changed?.Invoke(change);
        }
    }

    private void Remerge()
    {
        _pods = [.. PodMerge.Merge(_published.Values).Where(Filter.Takes)];
        LookAt(Track());
    }

    /// <summary>Makes the tracked containers those that the sources tell of.</summary>
    /// <returns>Those that are new or described otherwise.</returns>
    private List<TrackedContainer> Track()
    {
        List<TrackedContainer> changed = [];
        HashSet<string> told = [];
        Dictionary<string, uint> byUid = [];
        Dictionary<(string, string), uint> byName = [];
        foreach (TrackedContainer known in _tracked.Values)
        {
            if (known.Pod.Uid.Length > 0)
            {
                byUid.TryAdd(known.Pod.Uid, known.PodId);
            }
            else if (known.Pod.Name.Length > 0)
            {
                byName.TryAdd((known.Pod.Namespace, known.Pod.Name), known.PodId);
            }
        }
        foreach (PodSpec pod in _pods)
        {
            uint podId = 0;
            foreach (ContainerSpec spec in pod.Containers)
            {
                NameEnded(pod, spec);
                if (spec.CgroupPath.Length == 0 || spec.Kind == ContainerKind.Sandbox || !told.Add(spec.CgroupPath))
                {
                    continue;
                }
                if (podId == 0)
                {
                    podId = IdOf(pod, byUid, byName);
                }
                if (!_tracked.TryGetValue(spec.CgroupPath, out TrackedContainer? known))
                {
                    known = new TrackedContainer(pod, spec, podId, _time.GetUtcNow());
                    _tracked.Add(spec.CgroupPath, known);
                    changed.Add(known);
                }
                else
                {
                    if (known.PodId != podId || !known.Pod.IsDescribedLike(pod) || !known.Spec.IsDescribedLike(spec))
                    {
                        changed.Add(known);
                    }
                    (known.Pod, known.Spec, known.PodId) = (pod, spec, podId);
                }
            }
        }
        foreach (TrackedContainer gone in _tracked.Values.Where(t => !told.Contains(t.Spec.CgroupPath)).ToArray())
        {
            End(gone);
            _tags.Release(gone);
            _tracked.Remove(gone.Spec.CgroupPath);
        }
        _paths = [.. _tracked.Keys];
        return changed;
    }

    private uint IdOf(PodSpec pod, Dictionary<string, uint> byUid, Dictionary<(string, string), uint> byName)
    {
        foreach (ContainerSpec spec in pod.Containers)
        {
            if (_tracked.TryGetValue(spec.CgroupPath, out TrackedContainer? known)
                && (known.Pod.Uid.Length == 0 || pod.Uid.Length == 0 || known.Pod.Uid == pod.Uid))
            {
                return known.PodId;
            }
        }
        return pod.Uid.Length > 0 && byUid.TryGetValue(pod.Uid, out uint same) ? same
            : pod.Name.Length > 0 && byName.TryGetValue((pod.Namespace, pod.Name), out same) ? same
            : ++_lastPod;
    }

    private void NameEnded(PodSpec pod, ContainerSpec spec)
    {
        if (!_ended.HasNameless || spec.Id.Length == 0 || spec.Name.Length == 0)
        {
            return;
        }
        _ended.Name(spec.Id, nameless =>
        {
            RoleDecision decision = RuleMatch.Decide(_rules, pod, spec, command: "");
            Container named = nameless with
            {
                Namespace = pod.Namespace, Pod = pod.Name, Name = spec.Name, Image = spec.Image, Role = decision.Role, RoleReason = decision.Reason,
                IsProvisional = false,
            };
            _news.Add(new ContainerChange(ContainerEvent.Appeared, named));
            _news.Add(new ContainerChange(ContainerEvent.Gone, named));
            return named;
        });
    }

    private void LookAt(IReadOnlyCollection<TrackedContainer> containers)
    {
        foreach (TrackedContainer container in containers)
        {
            LookAtCgroups(container);
            Judge(container);
        }
        // Readers first: an event with a new tag must find its container.
        Show();
        foreach (TrackedContainer container in containers)
        {
            _tags.Release(container);
        }
        bool found = false;
        foreach (TrackedContainer container in containers)
        {
            _tags.Bring(container);
            found |= LookAtProcesses(container);
        }
        if (found)
        {
            Show();
            foreach (TrackedContainer container in containers)
            {
                _tags.Release(container);
                _tags.Bring(container);
            }
        }
    }

    private void LookAtCgroups(TrackedContainer container)
    {
        string path = container.Spec.CgroupPath;
        IReadOnlyList<Cgroup> found = container.IsSandbox ? [] : _tree.Subtree(path, _paths);
        if (container.Running is { } was && (found.Count == 0 || found[0].Inode != was.CgroupId))
        {
            End(container);
        }
        if (container.Running is null && found.Count > 0)
        {
            container.Running = new Container
            {
                Id = ++_lastContainer,
                PodId = container.PodId,
                Namespace = "",
                Pod = "",
                Name = "",
                Role = Role.Service,
                CgroupId = found[0].Inode,
                CgroupPath = path,
                IsProvisional = true,
            };
        }
        container.Cgroups = found;
        if (container.Settled && !MainProcess.Runs(container.Main))
        {
            container.Unsettle(); // started again in the same cgroup: perhaps in another network namespace, or another executable
        }
    }

    /// <summary>Applies the rules, and takes over what a source now says otherwise.</summary>
    /// <returns>True when it is another one than before.</returns>
    private bool Judge(TrackedContainer container)
    {
        if (container.Running is not { } was)
        {
            return false;
        }
        RoleDecision decision = RuleMatch.Decide(_rules, container.Pod, container.Spec, container.Command);
        Container now = Named(container, was) with
        {
            PodId = container.PodId, Image = container.Spec.Image, Role = decision.Role, RoleReason = decision.Reason,
        };
        if (now == was)
        {
            return false;
        }
        container.Running = now;
        if (!now.IsProvisional)
        {
            _news.Add(new ContainerChange(was.IsProvisional ? ContainerEvent.Appeared : ContainerEvent.Changed, now));
        }
        return true;
    }

    /// <summary>Under the name its source tells; nameless for as long as naming may take, and under its id after.</summary>
    private Container Named(TrackedContainer container, Container was)
    {
        if (!container.IsNameless)
        {
            return was with { Namespace = container.Pod.Namespace, Pod = container.Pod.Name, Name = container.Spec.Name, IsProvisional = false };
        }
        if (was.IsProvisional && _time.GetUtcNow() - container.Since < Naming)
        {
            return was;
        }
        string id = container.Spec.Id.Length > ShortId ? container.Spec.Id[..ShortId] : container.Spec.Id;
        return was with
        {
            Namespace = container.Pod.Namespace.Length > 0 ? container.Pod.Namespace : UnknownNamespace,
            Pod = container.Pod.Name.Length > 0 ? container.Pod.Name : container.Pod.Uid.Length > 0 ? container.Pod.Uid : id,
            Name = id,
            IsProvisional = container.Main == 0 && container.Cgroups.Count > 0 && was.IsProvisional, // a pause container is known by its process
        };
    }

    private void End(TrackedContainer container)
    {
        if (container.Running is not { } was)
        {
            return;
        }
        if (!container.IsSandbox)
        {
            _ended.Add(_time.GetUtcNow(), container.Spec.Id, was);
        }
        if (!was.IsProvisional)
        {
            _news.Add(new ContainerChange(ContainerEvent.Gone, was));
        }
        bool isSandbox = container.IsSandbox;
        ulong? cookie = container.Cookie;
        container.Reset();
        container.Command = isSandbox ? container.Command : "";
        _namespaces.Leave(cookie, _tracked.Values);
    }

    /// <returns>True when what was found makes it another one.</returns>
    private bool LookAtProcesses(TrackedContainer container)
    {
        if (container.Running is null || !container.IsOpen)
        {
            return false;
        }
        DateTimeOffset now = _time.GetUtcNow();
        List<int> processes = [];
        foreach (Cgroup cgroup in container.Cgroups)
        {
            IReadOnlyList<int> own = _tree.Processes(cgroup.Path);
            processes.AddRange(own);
            _tags.Enrol(container, cgroup, own);
        }
        int main = MainProcess.Of(processes);
        if (main == 0)
        {
            return false;
        }
        container.Main = main;
        container.SettledAt ??= now + Settling;
        container.Settled = now >= container.SettledAt;
        _namespaces.Enter(container, main, _tracked.Values);
        string command = MainProcess.ExecutableOf(main);
        if (command.Length > 0 && command != container.Command)
        {
            container.Command = command;
            if (container.IsSandbox)
            {
                LookAtCgroups(container);
                return true;
            }
        }
        return Judge(container);
    }

    private void Show()
    {
        _ended.Forget(_time.GetUtcNow(), Linger);
        Container[] running = [.. _tracked.Values.Select(t => t.Running).OfType<Container>()];
        Container[] listed = [.. running.Where(c => !c.IsProvisional)];
        // The list stays the same object while its content does: whoever compares sees at once that there is nothing new.
        IReadOnlyCollection<Container> same = _snapshot.Listed.SequenceEqual(listed) ? _snapshot.Listed : listed;
        _snapshot = new Snapshot(same, running.Concat(_ended.All).ToDictionary(c => c.Id), _pods, [.. _paths]);
    }

    private sealed record Snapshot(
        IReadOnlyCollection<Container> Listed, Dictionary<uint, Container> ById, IReadOnlyList<PodSpec> Pods, IReadOnlyList<string> Paths)
    {
        public static Snapshot Empty { get; } = new([], [], [], []);
    }
}
