using Pmoas.Host.Config;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// The sources that run now: those the configuration asks for and this machine has. <see cref="ApplyAsync"/> comes one call at a time;
/// the rest is thread-safe.
/// </summary>
internal sealed class SourceSet : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly PodDirectory _directory;
    private readonly CgroupTree _tree;
    private readonly CgroupEvents _events;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly StaticPodSource _static;
    private readonly Dictionary<SourceKey, SourceRun> _runs = [];

    /// <summary>No source runs before <see cref="ApplyAsync"/>.</summary>
    public SourceSet(PodDirectory directory, CgroupTree tree, CgroupEvents events, ILogger log, TimeProvider time)
    {
        (_directory, _tree, _events, _log, _time) = (directory, tree, events, log, time);
        _static = new StaticPodSource(new StaticSourceOptions());
    }

    /// <summary>How each source is now, the most believed first.</summary>
    public IReadOnlyList<SourceStatus> Statuses
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs.OrderBy(run => run.Key.Rank).Select(run => run.Value.Status)];
            }
        }
    }

    /// <summary>Starts and stops sources until they are those that are configured.</summary>
    public async Task ApplyAsync(SourcesOptions options)
    {
        _static.Update(options.Static);
        Start(new SourceKey(0, "static"), isWanted: true, () => _static);
        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        SourceRun[] runs;
        lock (_lock)
        {
            runs = [.. _runs.Values];
            _runs.Clear();
        }
        foreach (SourceRun run in runs)
        {
            await run.DisposeAsync();
        }
    }

    private void Start(SourceKey key, bool isWanted, Func<IPodSource> make)
    {
        lock (_lock)
        {
            if (!_runs.ContainsKey(key))
            {
                _runs.Add(key, new SourceRun(make(), key.Rank, isWanted, _directory, _log, _time));
            }
        }
    }

    /// <summary>What makes a source another one: its place in the order of belief and all it was made from.</summary>
    private readonly record struct SourceKey(int Rank, string Made);
}
