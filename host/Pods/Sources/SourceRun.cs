using Pmoas.Host.Plugins;

namespace Pmoas.Host.Pods.Sources;

/// <summary>
/// One source's life: run, and when it fails run again after a growing, jittered pause. What it told last stays; its state and age are
/// readable from any thread. A failure is logged once, and again when it is another one.
/// </summary>
internal sealed class SourceRun : ISourceOutlet, IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    private readonly IPodSource _source;
    private readonly int _rank;
    private readonly bool _isWanted;
    private readonly PodDirectory _directory;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly Task _life;
    private DateTimeOffset _heard;
    private bool _isUp;
    private int _pods;
    private long _failures;
    private int _inARow;
    private volatile Action? _hurry;
    private bool _wasUp;
    private string _problem = "";
    private string _logged = "";

    /// <summary>Starts the source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="rank">Its place in the directory: a lower one is believed first.</param>
    /// <param name="isWanted">True when the user switched it on by name.</param>
    /// <param name="directory">Where its pods go.</param>
    /// <param name="log">Told of failures and recoveries.</param>
    /// <param name="time">Clock of ages and pauses.</param>
    public SourceRun(IPodSource source, int rank, bool isWanted, PodDirectory directory, ILogger log, TimeProvider time)
    {
        (_source, _rank, _isWanted, _directory, _log, _time) = (source, rank, isWanted, directory, log, time);
        _heard = time.GetUtcNow();
        _life = Task.Run(LiveAsync);
    }

    /// <summary>Completes when the source has answered or failed for the first time.</summary>
    public Task Settled => _settled.Task;

    /// <summary>How it is now.</summary>
    public SourceStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new SourceStatus(
                    _source.Name, _source.Endpoint, _source.About, _isUp, _settled.Task.IsCompleted, _time.GetUtcNow() - _heard, _pods, _failures, _problem, _isWanted);
            }
        }
    }

    /// <inheritdoc/>
    public void Publish(IReadOnlyList<PodSpec> pods)
    {
        Hear(pods.Count);
        _directory.Publish(_rank, _source.Name, pods);
        _settled.TrySetResult();
    }

    /// <inheritdoc/>
    public void Alive() => Hear(pods: null);

    /// <summary>A container's cgroup was just made or removed. From any thread; returns at once.</summary>
    public void Nudge()
    {
        _hurry?.Invoke();
        _source.Nudge();
    }

    /// <summary>Stops it; what it told stays in the directory until it is withdrawn.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _life;
        (_source as IDisposable)?.Dispose();
        _stopping.Dispose();
    }

    private async Task LiveAsync()
    {
        CancellationToken stopping = _stopping.Token;
        while (!stopping.IsCancellationRequested)
        {
            TimeSpan? asked = null;
            long begun = _time.GetTimestamp();
            try
            {
                await _source.RunAsync(this, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (SourceException e)
            {
                asked = e.RetryAfter;
                Fail(e.Message);
            }
            // A fault nobody thought of must not end the finding of pods for good.
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Fail($"{e.GetType().Name}: {e.Message}; this is a fault of PMOAS, please report it.");
                _log.LogDebug(e, "{Source}", _source.Name);
            }
            // Who answers and fails at once, over and over, is asked less and less often all the same.
            _inARow = _time.GetElapsedTime(begun) < Backoff.Well ? _inARow + 1 : 1;
            TimeSpan pause = Backoff.Pause(_inARow, Random.Shared.NextDouble());
            await PauseAsync(asked > pause ? asked.Value : pause, mayEndEarly: asked is null, stopping);
        }
    }

    /// <summary>A container that comes or goes is a sign that the runtime is back: a pause that nobody asked for ends then.</summary>
    private async Task PauseAsync(TimeSpan pause, bool mayEndEarly, CancellationToken stopping)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ITimer timer = _time.CreateTimer(_ => over.TrySetResult(), null, pause, Timeout.InfiniteTimeSpan);
        await using CancellationTokenRegistration stop = stopping.Register(() => over.TrySetResult());
        long begun = _time.GetTimestamp();
        _hurry = mayEndEarly && pause > ShortestPause ? Hurry : null;
        await over.Task;
        _hurry = null;

        void Hurry()
        {
            TimeSpan left = ShortestPause - _time.GetElapsedTime(begun);
            timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Hear(int? pods)
    {
        bool recovered;
        lock (_lock)
        {
            _heard = _time.GetUtcNow();
            recovered = !_isUp && _logged.Length > 0;
            (_isUp, _wasUp, _problem, _logged) = (true, true, "", "");
            _pods = pods ?? _pods;
        }
        if (recovered)
        {
            _log.LogInformation("Source {Source} at {Endpoint} answers again", _source.Name, _source.Endpoint);
        }
    }

    private void Fail(string problem)
    {
        bool tell;
        lock (_lock)
        {
            _isUp = false;
            _failures++;
            _problem = problem;
            tell = _logged != problem;
            _logged = problem;
        }
        if (tell)
        {
            // Found by itself and never of use, such as a containerd that only serves Docker: worth a line, no alarm.
            _log.Log(_isWanted || _wasUp ? LogLevel.Warning : LogLevel.Information,
                "Source {Source} at {Endpoint} does not tell pods now; what it told stays: {Problem}", _source.Name, _source.Endpoint, problem);
        }
        _settled.TrySetResult();
    }
}
