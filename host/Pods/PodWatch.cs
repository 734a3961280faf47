namespace Pmoas.Host.Pods;

/// <summary>
/// Keeps the <see cref="PodDirectory"/> in step: runs the sources, and looks at the cgroups when the kernel says that one was made or removed.
/// At rest it wakes once a second and does next to nothing.
/// </summary>
internal sealed class PodWatch(PodDirectory directory, CgroupTree tree, IReadOnlyList<IPodSource> sources, ILogger log) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    // mkdir -p and a container's start come in bursts.
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(10);

    // For how long after an event the things it announces are looked for soon.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(2);

    // Should an event ever be lost, this is how long it matters.
    private static readonly TimeSpan LookAtAllEvery = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _touched = new(initialCount: 1);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using FileSystemWatcher? watcher = Watch();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        List<Task> tasks = [Loop(hasEvents: watcher is not null, ending.Token)];
        tasks.AddRange(sources.Select((source, rank) => source.RunAsync(pods => directory.Publish(rank, pods), ending.Token)));
        try
        {
            await await Task.WhenAny(tasks);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // asked to stop
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _touched.Dispose();

    private async Task Loop(bool hasEvents, CancellationToken stopping)
    {
        long lastEvent = Environment.TickCount64;
        long lastLook = 0;
        TimeSpan wait = Soon;
        while (true)
        {
            bool touched = await _touched.WaitAsync(wait, stopping);
            bool open = true;
            if (touched)
            {
                await Task.Delay(Burst, stopping);
                while (_touched.Wait(0, stopping))
                {
                    // one look answers every event so far
                }
                lastEvent = Environment.TickCount64;
            }
            if (touched || Environment.TickCount64 - lastLook >= LookAtAllEvery.TotalMilliseconds)
            {
                lastLook = Environment.TickCount64;
                directory.Look();
            }
            else
            {
                open = directory.LookAtOpen();
            }
            bool soon = !hasEvents || Environment.TickCount64 - lastEvent < Aftermath.TotalMilliseconds;
            wait = open && soon ? Soon : Rest;
        }
    }

    private FileSystemWatcher? Watch()
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(tree.Root) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.DirectoryName };
            watcher.Created += OnTouched;
            watcher.Deleted += OnTouched;
            watcher.Renamed += OnTouched;
            watcher.Error += (_, _) => Touch(); // events were lost: look at everything
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (IOException e)
        {
            watcher?.Dispose();
            log.LogWarning("Cgroups are polled every {Milliseconds} ms, for the kernel has no inotify watch left ({Reason}); raise fs.inotify.max_user_watches and max_user_instances",
                Soon.TotalMilliseconds, e.Message);
            return null;
        }
    }

    private void OnTouched(object sender, FileSystemEventArgs e)
    {
        if (directory.Concerns(e.FullPath[tree.Root.TrimEnd('/').Length..]))
        {
            Touch();
        }
    }

    private void Touch()
    {
        if (_touched.CurrentCount == 0)
        {
            _touched.Release();
        }
    }
}
