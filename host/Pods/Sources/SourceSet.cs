using Pmoas.Host.Config;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources.Kubernetes;

namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// The sources that run now: those the configuration asks for and this machine has. Runtimes that start later, also inside containers,
/// are found when a container shows up that nobody names. <see cref="ApplyAsync"/> comes one call at a time; the rest is thread-safe.
/// </summary>
internal sealed class SourceSet : IAsyncDisposable
{
    // The order of belief: what the user declares, what the cluster wants, what the runtimes run, what the kernel shows.
    private const int StaticRank = 0, KubernetesRank = 1, FirstRuntimeRank = 100, CgroupfsRank = int.MaxValue;

    private static readonly TimeSpan FindEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FindSoon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RuntimeComesUp = TimeSpan.FromMilliseconds(300);

    // A runtime that was found and is gone for this long is not coming back: its node container was deleted.
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    // Where no source could name a container, its process is waited for, for that tells a pause container.
    private static readonly TimeSpan NamelessAnyway = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly SemaphoreSlim _nudged = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly PodDirectory _directory;
    private readonly CgroupTree _tree;
    private readonly CgroupEvents _events;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly StaticPodSource _static = new(new StaticSourceOptions());
    private readonly Dictionary<SourceKey, SourceRun> _runs = [];
    private readonly Dictionary<SourceKey, int> _ranks = [];
    private readonly IDisposable _subscription;
    private SourcesOptions _options = new();
    private TimeSpan _naming;
    private Task? _finding;

    /// <summary>No source runs before <see cref="ApplyAsync"/>.</summary>
    public SourceSet(PodDirectory directory, CgroupTree tree, CgroupEvents events, ILogger log, TimeProvider time)
    {
        (_directory, _tree, _events, _log, _time) = (directory, tree, events, log, time);
        _subscription = events.Subscribe(Nudge);
    }

    /// <summary>How each source is now, the most believed first.</summary>
    public IReadOnlyList<SourceStatus> Statuses
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs.OrderBy(run => _ranks[run.Key]).Select(run => run.Value.Status)];
            }
        }
    }

    /// <summary>True while a source answers that knows containers by name.</summary>
    public bool NamesContainers => Statuses.Any(source => source.IsUp && source.Name is "kubernetes" or "cri" or "docker");

    /// <summary>Starts and stops sources until they are those that are configured.</summary>
    /// <param name="options">Which.</param>
    /// <param name="naming">How long a container may wait for its name.</param>
    public async Task ApplyAsync(SourcesOptions options, TimeSpan naming)
    {
        (_options, _naming) = (options, naming);
        _static.Update(options.Static);
        await RefreshAsync();
        _finding ??= Task.Run(FindAsync);
    }

    /// <summary>Completes when each source has answered or failed and no container waits for its name, or after the limit.</summary>
    public async Task SettledAsync(TimeSpan limit, CancellationToken stopping)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        ending.CancelAfter(limit);
        try
        {
            while (Unsettled() is { } settled)
            {
                await settled.WaitAsync(ending.Token);
            }

            while (_directory.Nameless > 0)
            {
                await Task.Delay(20, ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // what is there by now has to do
        }

        Task? Unsettled()
        {
            lock (_lock)
            {
                return _runs.Values.Select(run => run.Settled).FirstOrDefault(settled => !settled.IsCompleted);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        await _stopping.CancelAsync();
        await (_finding ?? Task.CompletedTask);
        await Task.WhenAll(_runs.Values.Select(run => run.DisposeAsync().AsTask()));
        _runs.Clear();
        _stopping.Dispose();
        _changing.Dispose();
        _nudged.Dispose();
    }

    private async Task FindAsync()
    {
        CancellationToken stopping = _stopping.Token;
        try
        {
            while (true)
            {
                bool nudged = await _nudged.WaitAsync(_directory.Nameless > 0 ? FindSoon : FindEvery, stopping);
                if (nudged)
                {
                    await Task.Delay(RuntimeComesUp, _time, stopping);
                }
                if (!nudged || _directory.Nameless > 0)
                {
                    await RefreshAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // asked to stop
        }
    }

    private async Task RefreshAsync()
    {
        await _changing.WaitAsync(_stopping.Token);
        try
        {
            Dictionary<SourceKey, Wanted> wanted = Wish().ToDictionary(one => one.Key);
            foreach ((SourceKey key, SourceRun run) in Running().Where(run => !wanted.ContainsKey(run.Key)))
            {
                bool mayComeBack = key.IsFound && IsAllowed(key) && !(run.Status is { IsUp: false } status && status.Age > ForgetAfter);
                if (!mayComeBack)
                {
                    await StopAsync(key, run, withdraw: wanted.Values.All(other => other.Key.Name != key.Name || key.IsFound));
                }
            }
            foreach (Wanted one in wanted.Values)
            {
                Start(one);
            }
            bool canName = Running().Any(run => run.Key.Name is "kubernetes" or "cri" or "docker");
            _directory.Naming = canName || _naming < NamelessAnyway ? _naming : NamelessAnyway;
        }
        finally
        {
            _changing.Release();
        }
    }

    private IEnumerable<Wanted> Wish()
    {
        yield return new Wanted(new SourceKey("static", "", IsFound: false), IsWanted: true, () => _static);
        KubernetesSourceOptions kubernetes = _options.Kubernetes;
        if (kubernetes.Enabled ?? KubernetesSource.IsOffered(kubernetes))
        {
            string made = $"{kubernetes.Kubeconfig}\n{kubernetes.NodeName}\n{kubernetes.WatchTimeout}";
            yield return new Wanted(new SourceKey("kubernetes", made, IsFound: false), kubernetes.Enabled == true, () => new KubernetesSource(kubernetes, _log, _time));
        }
        foreach (RuntimeSocket socket in RuntimeWish.Of(_options, out HashSet<RuntimeSocket> byName))
        {
            bool isNamed = byName.Contains(socket);
            bool isWanted = isNamed || (socket.Source == "cri" ? _options.Cri : _options.Docker).Enabled == true;
            yield return new Wanted(new SourceKey(socket.Source, socket.Endpoint, IsFound: !isNamed), isWanted, () => socket.Source == "cri"
                ? new Cri.CriSource(socket.Endpoint, socket.Path, _log, _time)
                : new Docker.DockerSource(socket.Endpoint, socket.Path, _log, _time));
        }
        if (_options.Cgroupfs.Enabled)
        {
            yield return new Wanted(new SourceKey("cgroupfs", "", IsFound: false), IsWanted: true, () => new CgroupfsSource(_tree, _events, _directory));
        }
    }

    private bool IsAllowed(SourceKey key) => (key.Name == "cri" ? _options.Cri : _options.Docker) is { Enabled: not false, Endpoints.Count: 0 };

    private void Start(Wanted wanted)
    {
        lock (_lock)
        {
            if (_runs.ContainsKey(wanted.Key))
            {
                return;
            }
            int rank = wanted.Key.Name switch
            {
                "static" => StaticRank,
                "kubernetes" => KubernetesRank,
                "cgroupfs" => CgroupfsRank,
                _ => _ranks.TryGetValue(wanted.Key, out int same) ? same : Math.Max(FirstRuntimeRank, _ranks.Values.Where(used => used != CgroupfsRank).DefaultIfEmpty().Max() + 1),
            };
            _ranks[wanted.Key] = rank;
            _runs.Add(wanted.Key, new SourceRun(wanted.Make(), rank, wanted.IsWanted, _directory, _log, _time));
        }
    }

    private async Task StopAsync(SourceKey key, SourceRun run, bool withdraw)
    {
        lock (_lock)
        {
            _runs.Remove(key);
        }
        await run.DisposeAsync();
        if (withdraw)
        {
            _directory.Withdraw(_ranks[key]);
        }
    }

    private KeyValuePair<SourceKey, SourceRun>[] Running()
    {
        lock (_lock)
        {
            return [.. _runs];
        }
    }

    private void Nudge(IReadOnlyList<CgroupEvent> batch)
    {
        if (!batch.Any(one => ContainerCgroup.Parse(one.Path) is not null))
        {
            return;
        }
        foreach ((_, SourceRun run) in Running())
        {
            run.Nudge();
        }
        if (_nudged.CurrentCount == 0)
        {
            _nudged.Release();
        }
    }

    /// <summary>What makes a source another one.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Made">What it is made from.</param>
    /// <param name="IsFound">True when it was found, false when the configuration names it.</param>
    private readonly record struct SourceKey(string Name, string Made, bool IsFound);

    private sealed record Wanted(SourceKey Key, bool IsWanted, Func<IPodSource> Make);
}
