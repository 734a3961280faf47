using System.Diagnostics.CodeAnalysis;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Knows every pod and container of this node: merges what the sources say, applies the sidecar rules, finds the cgroups and keeps the
/// kernel's tags in step. <see cref="PodWatch"/> tells it when to look.
/// </summary>
/// <remarks>
/// Thread-safe. Readers take the snapshot of the last look and never wait. An id is given when a cgroup appears and never again,
/// so a container that comes back is another one; the one that ended stays readable for the linger time. A container whose cgroup has a
/// container's name is tagged by the kernel before anything can happen in it, any other as soon as its cgroup is known; it is listed when a
/// source has named it, or after <see cref="Naming"/> under its id.
/// </remarks>
internal sealed class PodDirectory : IContainerIndex
{
    private readonly Lock _lock = new();
    private readonly CgroupTree _tree;
    private readonly TimeProvider _time;
    private readonly KernelTags _tags;
    private readonly TrackedContainers _tracked = new();
    private readonly ContainerLook _look;
    private readonly SortedDictionary<int, IReadOnlyList<PodSpec>> _published = [];
    private IReadOnlyList<PodSpec> _pods = [];
    private readonly MergeMemory _merged = new();
    private readonly MergeMemory _withoutSandboxes = new();
    private PodFilter _filter = PodFilter.Everything;
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
        Linger = linger;
        _tree = tree;
        _time = time;
        _tags = new KernelTags(kernel, log);
        _look = new ContainerLook(tree, _tags, new PodNamespaces(kernel, log), _tracked, time) { Rules = rules };
    }

    /// <summary>News of containers, told after the readers' snapshot and the kernel have them, on the thread that looked.</summary>
    public event Action<ContainerChange>? Changed;

    /// <summary>How long a container that ended stays readable.</summary>
    public TimeSpan Linger { get; set; }

    /// <summary>How long a container may wait for its name before it is shown under its id; zero when no source could name it.</summary>
    public TimeSpan Naming
    {
        get => _look.Naming;
        set => Locked(() => _look.Naming = value);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<Container> All => _snapshot.Listed;

    /// <inheritdoc/>
    public IReadOnlyCollection<Container> Ended => _snapshot.Ended;

    /// <summary>The pods as the sources describe them, merged; also those that do not run.</summary>
    public IReadOnlyList<PodSpec> Pods => _snapshot.Pods;

    /// <summary>Containers whose cgroup was gone before anybody could tag it.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    /// <summary>Containers that are tagged and wait for their name.</summary>
    public int Nameless => _snapshot.Nameless;

    /// <summary>Cgroups that carry a tag.</summary>
    public int Tagged => _snapshot.Tagged;

    /// <inheritdoc/>
    public bool TryGet(uint id, [NotNullWhen(true)] out Container? container) => _snapshot.ById.TryGetValue(id, out container);

    /// <inheritdoc/>
    public void VisitNetworkNamespaces(Predicate<Container> isWanted, Action<Container> visit) =>
        NetworkNamespace.Visit([.. from inside in InNamespaces() where isWanted(inside.Container) select (inside.Pid, inside.Name, new Action(() => visit(inside.Container)))]);

    /// <inheritdoc/>
    public void InEachNetworkNamespace(Action act) =>
        NetworkNamespace.Visit([.. from inside in InNamespaces() select (inside.Pid, inside.Name, act), .. from host in NetworkNamespace.OfHost() select (host.Pid, host.Name, act)]);

    /// <summary>Of each network namespace but the machine's own a container that is there, a named one if there is any, with its main process.</summary>
    private List<(int Pid, string Name, Container Container)> InNamespaces()
    {
        lock (_lock)
        {
            return
            [
                .. from tracked in _tracked.All
                   where tracked is { Running: not null, Cookie: not null, Main: > 0 }
                   group tracked by tracked.Cookie into inside
                   let first = inside.MinBy(tracked => tracked.Running!.IsProvisional)
                   select (first.Main, first.NamespaceName, first.Running!),
            ];
        }
    }

    /// <summary>Pid of each listed container's main process, by container id, as this daemon's pid namespace numbers it; none while it is not known.</summary>
    public IReadOnlyDictionary<uint, int> MainProcesses()
    {
        lock (_lock)
        {
            return _tracked.All.Where(t => t is { Running: not null, Main: > 0 }).ToDictionary(t => t.Running!.Id, t => t.Main);
        }
    }

    /// <summary>The processes of a container now, the main one first; empty when it has ended.</summary>
    public IReadOnlyList<int> ProcessesOf(Container container)
    {
        lock (_lock)
        {
            TrackedContainer? tracked = _tracked.All.FirstOrDefault(t => t.Running?.Id == container.Id);
            IEnumerable<int> all = (tracked?.Cgroups ?? []).SelectMany(cgroup => _tree.Processes(cgroup.Path));
            return [.. all.OrderByDescending(pid => pid == tracked!.Main).ThenBy(pid => pid)];
        }
    }

    /// <summary>Takes the whole list of pods a source knows, in place of the one before.</summary>
    /// <param name="rank">Place of the source: a lower one is believed first.</param>
    /// <param name="source">Name of the source, for <see cref="PodSpec.Sources"/>.</param>
    /// <param name="pods">The list.</param>
    public void Publish(int rank, string source, IReadOnlyList<PodSpec> pods) => Locked(() =>
    {
        string[] sources = [source];
        PodSpec[] told = [.. pods.Select(pod => pod with { Sources = sources })];
        _published[rank] = PodList.Renew(_published.GetValueOrDefault(rank, []), told);
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
        _look.Rules = rules;
        _filter = filter ?? _filter;
        Remerge();
        _look.Rejudge(_tracked.All, Show);
    });

    /// <summary>Looks at every known cgroup and all below it.</summary>
    public void Look() => Locked(() => _look.At(_tracked.All, Show));

    /// <summary>Looks at the containers whose cgroups were made or removed, or have cgroups below them that were.</summary>
    /// <returns>False when it is nobody's cgroup.</returns>
    public bool LookAt(IReadOnlyList<CgroupEvent> batch)
    {
        HashSet<TrackedContainer> touched = [];
        Locked(() =>
        {
            foreach (CgroupEvent one in batch)
            {
                if (_tracked.TryOwnerOf(one.Path, out TrackedContainer? owner))
                {
                    touched.Add(owner);
                }
            }
            if (touched.Count > 0)
            {
                _look.At(touched, Show);
            }
        });
        return touched.Count > 0;
    }

    /// <summary>Looks only at what no cgroup event tells: containers not there yet, cgroups still empty, processes just started, lingers over.</summary>
    /// <returns>True when something is still open, and another look soon is worth it.</returns>
    public bool LookAtOpen()
    {
        bool open = false;
        Locked(() =>
        {
            _look.At([.. _tracked.All.Where(t => t.IsOpen)], Show);
            open = _tracked.All.Any(t => t.IsOpen);
        });
        return open;
    }

    /// <summary>Has the kernel tag new containers by itself, or no more: for who tells of every cgroup that is a container's.</summary>
    public void TagNewContainers(bool on) => Locked(() => _tags.TagNew(on));

    /// <summary>Takes note of a container whose cgroup was gone before it could be looked at: unless the kernel tagged it, it is missed.</summary>
    /// <param name="runtimeId">The runtime's id of it.</param>
    public void Miss(string runtimeId) => Locked(() =>
    {
        _look.At([], Show);
        if (!_look.Ended.Has(runtimeId))
        {
            Interlocked.Increment(ref _missed);
        }
    });

    private void Locked(Action work)
    {
        ContainerChange[] news;
        lock (_lock)
        {
            work();
            news = [.. _look.News];
            _look.News.Clear();
        }
        foreach (ContainerChange change in news)
        {
            Changed?.Invoke(change);
        }
    }

    private void Remerge()
    {
        IReadOnlyList<PodSpec> merged = PodMerge.Merge(_published.Values, _merged);
        HashSet<string> hidden = [];
        List<PodSpec> pods = new(merged.Count);
        foreach (PodSpec pod in merged)
        {
            bool isWatched = _filter.Takes(pod);
            ContainerSpec[] sandboxes = [.. pod.Containers.Where(c => !isWatched || c.Kind == ContainerKind.Sandbox)];
            hidden.UnionWith(sandboxes.Where(c => c.CgroupPath.Length > 0).Select(c => c.CgroupPath));
            if (isWatched)
            {
                pods.Add(sandboxes.Length == 0 ? pod : _withoutSandboxes.Of(pod, pod, (all, _) => all with { Containers = [.. all.Containers.Except(sandboxes)] }));
            }
        }
        _merged.Turn();
        _withoutSandboxes.Turn();
        _pods = pods;
        if (_look.Ended.HasNameless)
        {
            NameEnded(merged);
        }
        (List<TrackedContainer> changed, List<TrackedContainer> gone) = _tracked.Follow(_pods, _time.GetUtcNow(), PodGivenTo);
        foreach (TrackedContainer container in gone)
        {
            _look.Leave(container, hidden.Contains(container.Path));
        }
        _look.At(changed, Show);
    }

    private uint? PodGivenTo(string path) => _tree.Find(path) is { } cgroup ? _tags.GivenTo(cgroup)?.Pod : null;

    private void NameEnded(IReadOnlyList<PodSpec> merged)
    {
        Dictionary<string, (PodSpec, ContainerSpec)?> byId = [];
        foreach (PodSpec pod in merged)
        {
            bool isWatched = _filter.Takes(pod);
            foreach (ContainerSpec spec in pod.Containers.Where(c => c.Id.Length > 0))
            {
                byId[spec.Id] = isWatched && spec.Kind != ContainerKind.Sandbox ? (pod, spec) : null;
            }
        }
        _look.Ended.Name(byId, _look.Named);
    }

    private void Show()
    {
        _look.Ended.Sweep(_time.GetUtcNow(), Linger, _look.Naming, _look.Named);
        Container[] running = [.. _tracked.All.Select(t => t.Running).OfType<Container>()];
        Container[] listed = [.. running.Where(c => !c.IsProvisional)];
        Container[] ended = [.. _look.Ended.All.Where(c => !c.IsProvisional)];
        _snapshot = new Snapshot(
            Same(_snapshot.Listed, listed), Same(_snapshot.Ended, ended), running.Concat(_look.Ended.All).ToDictionary(c => c.Id), _pods,
            running.Length - listed.Length, _tags.Count);
    }

    /// <summary>A list stays the same object while its content does: whoever compares sees at once that there is nothing new.</summary>
    private static IReadOnlyCollection<Container> Same(IReadOnlyCollection<Container> before, Container[] now) => before.SequenceEqual(now) ? before : now;

    private sealed record Snapshot(
        IReadOnlyCollection<Container> Listed, IReadOnlyCollection<Container> Ended, Dictionary<uint, Container> ById, IReadOnlyList<PodSpec> Pods, int Nameless, int Tagged)
    {
        public static Snapshot Empty { get; } = new([], [], [], [], 0, 0);
    }
}
