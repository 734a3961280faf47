using System.Diagnostics.CodeAnalysis;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Knows every pod and container of this node: merges what the sources say, applies the sidecar rules, finds the cgroups and keeps the
/// kernel's tags in step. <see cref="PodWatch"/> tells it when to look.
/// </summary>
/// <remarks>
/// Thread-safe. Readers take the snapshot of the last look and never wait. An id is given when a cgroup appears and never again,
/// so a container that comes back is another one; the one that ended stays readable for the linger time.
/// </remarks>
internal sealed class PodDirectory : IContainerIndex
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CgroupTree _tree;
    private readonly TimeProvider _time;
    private readonly KernelTags _tags;
    private readonly PodNamespaces _namespaces;
    private readonly SortedDictionary<int, IReadOnlyList<PodSpec>> _published = [];
    private readonly List<TrackedContainer> _tracked = [];
    private readonly List<(DateTimeOffset Since, Container Container)> _ended = [];
    private readonly List<ContainerChange> _news = [];
    private IReadOnlyList<SidecarRule> _rules;
    private IReadOnlyList<PodSpec> _pods = [];
    private HashSet<string> _paths = [];
    private uint _lastContainer;
    private uint _lastPod;
    private volatile Snapshot _snapshot = Snapshot.Empty;

    /// <summary>A directory that knows no pod yet.</summary>
    /// <param name="kernel">Told of every container's cgroups and processes.</param>
    /// <param name="tree">Where cgroups are found.</param>
    /// <param name="rules">What makes a sidecar.</param>
    /// <param name="linger">How long a container that ended stays readable.</param>
    /// <param name="log">Told what could not be done.</param>
    /// <param name="time">The clock of linger and of settling.</param>
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

    /// <inheritdoc/>
    public IReadOnlyCollection<Container> All => _snapshot.Running;

    /// <summary>The pods as the sources describe them, merged; also those that do not run.</summary>
    public IReadOnlyList<PodSpec> Pods => _snapshot.Pods;

    /// <inheritdoc/>
    public bool TryGet(uint id, [NotNullWhen(true)] out Container? container) => _snapshot.ById.TryGetValue(id, out container);

    /// <summary>Takes the whole list of pods a source knows, in place of the one before.</summary>
    /// <param name="rank">Place of the source: a lower one is believed first.</param>
    /// <param name="pods">The list.</param>
    public void Publish(int rank, IReadOnlyList<PodSpec> pods) => Locked(() =>
    {
        _published[rank] = pods;
        _pods = PodMerge.Merge(_published.Values);
        Track();
        LookAtAll();
    });

    /// <summary>Takes other rules. Containers that run are judged and tagged anew at once and keep their ids.</summary>
    public void SetRules(IReadOnlyList<SidecarRule> rules) => Locked(() =>
    {
        _rules = rules;
        LookAtAll();
    });

    /// <summary>Looks at every declared cgroup and all below it.</summary>
    public void Look() => Locked(LookAtAll);

    /// <summary>Looks only at what no cgroup event tells: containers not there yet, cgroups still empty, processes just started, lingers over.</summary>
    /// <returns>True when something is still open, and another look soon is worth it.</returns>
    public bool LookAtOpen()
    {
        bool open = false;
        Locked(() =>
        {
            LookAt([.. _tracked.Where(t => t.IsOpen && t.Spec.CgroupPath.Length > 0)]);
            open = _tracked.Any(t => t.IsOpen);
        });
        return open;
    }

    /// <summary>True when a change of this cgroup can matter: it belongs to a declared container, or leads to one.</summary>
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

    /// <summary>Makes the tracked containers those that are declared.</summary>
    private void Track()
    {
        List<TrackedContainer> gone = [.. _tracked];
        foreach (PodSpec pod in _pods)
        {
            uint podId = _tracked.FirstOrDefault(t => PodMerge.IsSame(t.Pod, pod))?.PodId ?? ++_lastPod;
            foreach (ContainerSpec spec in pod.Containers)
            {
                TrackedContainer? known = gone.FirstOrDefault(t => t.PodId == podId && t.Spec.Name == spec.Name);
                if (known is not null && known.Spec.CgroupPath == spec.CgroupPath)
                {
                    gone.Remove(known);
                    known.Pod = pod;
                    known.Spec = spec;
                }
                else
                {
                    _tracked.Add(new TrackedContainer(pod, spec, podId));
                }
            }
        }
        foreach (TrackedContainer container in gone)
        {
            End(container);
            _tags.Release(container);
            _tracked.Remove(container);
        }
        _paths = [.. _tracked.Select(t => t.Spec.CgroupPath).Where(path => path.Length > 0)];
    }

    private void LookAtAll() => LookAt(_tracked);

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
        foreach (TrackedContainer container in containers)
        {
            _tags.Bring(container);
            LookAtProcesses(container);
        }
    }

    private void LookAtCgroups(TrackedContainer container)
    {
        string path = container.Spec.CgroupPath;
        IReadOnlyList<Cgroup> found = path.Length == 0 ? [] : _tree.Subtree(path, _paths);
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
                Namespace = container.Pod.Namespace,
                Pod = container.Pod.Name,
                Name = container.Spec.Name,
                Role = Role.Service,
                CgroupId = found[0].Inode,
                CgroupPath = path,
            };
            Judge(container, ContainerEvent.Appeared);
        }
        container.Cgroups = found;
        if (container.Settled && !MainProcess.Runs(container.Main))
        {
            container.Unsettle(); // started again in the same cgroup: perhaps in another network namespace, or another executable
        }
    }

    /// <summary>Applies the rules, and takes over what a source now says otherwise.</summary>
    private void Judge(TrackedContainer container, ContainerEvent news = ContainerEvent.Changed)
    {
        if (container.Running is not { } was)
        {
            return;
        }
        RoleDecision decision = RuleMatch.Decide(_rules, container.Pod, container.Spec, container.Command);
        Container now = was with { Image = container.Spec.Image, Role = decision.Role, RoleReason = decision.Reason };
        if (now != was || news == ContainerEvent.Appeared)
        {
            container.Running = now;
            _news.Add(new ContainerChange(news, now));
        }
    }

    private void End(TrackedContainer container)
    {
        if (container.Running is not { } was)
        {
            return;
        }
        _ended.Add((_time.GetUtcNow(), was));
        _news.Add(new ContainerChange(ContainerEvent.Gone, was));
        ulong? cookie = container.Cookie;
        container.Reset();
        _namespaces.Leave(cookie, _tracked);
    }

    private void LookAtProcesses(TrackedContainer container)
    {
        if (container.Running is null || !container.IsOpen)
        {
            return;
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
            return;
        }
        container.Main = main;
        container.SettledAt ??= now + Settling;
        container.Settled = now >= container.SettledAt;
        _namespaces.Enter(container, main, _tracked);
        string command = MainProcess.ExecutableOf(main);
        if (command.Length > 0 && command != container.Command)
        {
            container.Command = command;
            Judge(container);
            Show();
            _tags.Bring(container);
        }
    }

    private void Show()
    {
        DateTimeOffset now = _time.GetUtcNow();
        _ended.RemoveAll(ended => now - ended.Since >= Linger);
        Container[] running = [.. _tracked.Select(t => t.Running).OfType<Container>()];
        _snapshot = new Snapshot(
            running, running.Concat(_ended.Select(e => e.Container)).ToDictionary(c => c.Id), _pods, [.. _paths]);
    }

    private sealed record Snapshot(
        IReadOnlyCollection<Container> Running, Dictionary<uint, Container> ById, IReadOnlyList<PodSpec> Pods, IReadOnlyList<string> Paths)
    {
        public static Snapshot Empty { get; } = new([], [], [], []);
    }
}
