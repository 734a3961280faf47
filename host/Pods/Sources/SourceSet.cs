using Pmoas.Host.Config;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// The sources that run now: those the configuration asks for and this machine has. Runtimes that start later, also inside containers,
/// are found when a container shows up that nobody names. <see cref="ApplyAsync"/> comes one call at a time; the rest is thread-safe.
/// </summary>
internal sealed class SourceSet : IAsyncDisposable
{
    // The order of belief: what the user declares, what the cluster wants, what the runtimes run, what the kernel shows.
    private const int StaticRank = 0, KubernetesRank = 1, FirstRuntimeRank = 2, CgroupfsRank = int.MaxValue;

    private static readonly TimeSpan FindEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FindSoon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RuntimeComesUp = TimeSpan.FromMilliseconds(300);

    // A runtime that was found and is gone for this long is not coming back: its node container was deleted.
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(5);

    // Where no source could name a container, its process is waited for all the same, for it tells a pause container.
    private static readonly TimeSpan NamelessAnyway = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _nudged = new(0, 1);
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly PodDirectory _directory;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly StaticPodSource _static = new(new StaticSourceOptions());
    private readonly SourceWish _wish;
    private readonly Dictionary<SourceKey, SourceRun> _runs = [];
    private readonly Dictionary<SourceKey, int> _ranks = [];
    private readonly IDisposable _subscription;
    private SourcesOptions _options = new();
    private TimeSpan _naming;
    private Task? _finding;

    /// <summary>No source runs before <see cref="ApplyAsync"/>.</summary>
    public SourceSet(PodDirectory directory, CgroupTree tree, CgroupEvents events, ILogger log, TimeProvider time)
    {
        (_directory, _log, _time) = (directory, log, time);
        _wish = new SourceWish(_static, directory, tree, events, log, time);
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
    public bool NamesContainers => Statuses.Any(source => source.IsUp && CanName(source.Name));

    /// <summary>Starts and stops sources until they are those that are configured; completes when the pods declared by hand are known.</summary>
    /// <param name="options">Which.</param>
    /// <param name="naming">How long a container may wait for its name.</param>
    public async Task ApplyAsync(SourcesOptions options, TimeSpan naming)
    {
        (_options, _naming) = (options, naming);
        Task told = _static.UpdateAsync(options.Static);
        await RefreshAsync();
        await told.WaitAsync(_stopping.Token);
        _finding ??= Task.Run(FindAsync);
    }

    /// <summary>Completes when each source has answered or failed and no container waits for its name, or after the limit.</summary>
    public async Task SettledAsync(TimeSpan limit, CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        ending.CancelAfter(limit);
        try
        {
            await Task.WhenAll(Running().Select(run => run.Value.Settled)).WaitAsync(ending.Token);
            while (_directory.Nameless > 0)
            {
                await Task.Delay(20, ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // what is there by now has to do
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _subscription.Dispose();
        await _stopping.CancelAsync();
        await (_finding ?? Task.CompletedTask);
        await Task.WhenAll(Running().Select(run => run.Value.DisposeAsync().AsTask()));
        _stopping.Dispose();
        _refreshing.Dispose();
        _nudged.Dispose();
    }

    private static bool CanName(string source) => source is "kubernetes" or "cri" or "docker";

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
        await _refreshing.WaitAsync(_stopping.Token);
        try
        {
            var wanted = _wish.Of(_options).ToDictionary(one => one.Key);
            foreach ((SourceKey key, SourceRun run) in Running().Where(run => !wanted.ContainsKey(run.Key)))
            {
                bool mayComeBack = SourceWish.IsAllowed(key, _options) && (run.Status.IsUp || run.Status.Age < ForgetAfter);
                if (!mayComeBack)
                {
                    bool isReplaced = wanted.Keys.Any(other => RankOf(other) == RankOf(key));
                    await StopAsync(key, run, withdraw: !isReplaced);
                }
            }
            foreach (WantedSource one in wanted.Values)
            {
                Start(one);
            }
            bool canName = Running().Any(run => CanName(run.Key.Name));
            _directory.Naming = canName || _naming < NamelessAnyway ? _naming : NamelessAnyway;
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private void Start(WantedSource wanted)
    {
        lock (_lock)
        {
            if (!_runs.ContainsKey(wanted.Key))
            {
                _ranks[wanted.Key] = RankOf(wanted.Key);
                _runs.Add(wanted.Key, new SourceRun(wanted.Make(), _ranks[wanted.Key], wanted.IsWanted, _directory, _log, _time));
            }
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
            _directory.Withdraw(RankOf(key));
        }
    }

    /// <summary>Each runtime keeps the rank it got when it was first seen: there is no better or worse among them.</summary>
    private int RankOf(SourceKey key) => key.Name switch
    {
        "static" => StaticRank,
        "kubernetes" => KubernetesRank,
        "cgroupfs" => CgroupfsRank,
        _ => _ranks.TryGetValue(key, out int known) ? known : FirstRuntimeRank + _ranks.Keys.Count(other => other.Name is "cri" or "docker"),
    };

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
}
