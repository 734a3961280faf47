
namespace Pmoas.Host.Config;

/// <summary>
/// Keeps the running configuration in step with its file. A good edit replaces it; a bad one is reported and changes nothing.
/// </summary>
/// <remarks>
/// The directory is watched, not the file, because editors replace files. A Kubernetes ConfigMap changes by swapping a link
/// that may lie elsewhere, so the content is compared every two seconds as well. Thread-safe; events come one at a time.
/// </remarks>
internal sealed class ConfigWatch : IDisposable
{
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly Func<PmoasOptions, IEnumerable<ConfigError>> _check;
    private readonly ILogger _log;
    private readonly FileSystemWatcher? _watcher;
    private readonly ITimer _timer;
    private byte[] _seen;
    private bool _disposed;

    /// <summary>Starts watching.</summary>
    /// <param name="path">The file <paramref name="current"/> was loaded from.</param>
    /// <param name="current">The running configuration.</param>
    /// <param name="check">Further judgement of an edit, such as the plugins' own options; any error refuses it.</param>
    /// <param name="log">Told of every edit taken and every mistake.</param>
    /// <param name="time">Clock of the waits.</param>
    public ConfigWatch(string path, PmoasOptions current, Func<PmoasOptions, IEnumerable<ConfigError>> check, ILogger log, TimeProvider time)
    {
        _path = Path.GetFullPath(path);
        Current = current;
        _check = check;
        _log = log;
        _seen = Content();
        _timer = time.CreateTimer(_ => ReloadIfEdited(), null, PollEvery, PollEvery);
        try
        {
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(_path)!);
            _watcher.Created += OnTouched;
            _watcher.Changed += OnTouched;
            _watcher.Renamed += OnTouched;
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException e)
        {
            // The node is out of inotify instances; polling sees the edit too, only later.
            log.LogWarning("{Path} is looked at every {Seconds} s only: {Reason}", _path, PollEvery.TotalSeconds, e.Message);
        }
    }

    /// <summary>The running configuration.</summary>
    public PmoasOptions Current { get; private set; }

    /// <summary>An edit was taken: the configuration before and after.</summary>
    public event Action<PmoasOptions, PmoasOptions>? Changed;

    /// <summary>An edit was refused for these mistakes; <see cref="Current"/> goes on.</summary>
    public event Action<IReadOnlyList<ConfigError>>? Rejected;

    /// <summary>Reads the file now, edited or not, as SIGHUP asks for.</summary>
    /// <returns>The mistakes that kept it from being taken; empty when it was taken.</returns>
    public IReadOnlyList<ConfigError> Reload()
    {
        lock (_lock)
        {
            _seen = Content();
            (PmoasOptions? options, IReadOnlyList<ConfigError> errors) = ConfigFile.Load(_path);
            if (options is not null)
            {
                errors = [.. _check(options)];
            }
            if (options is null || errors.Count > 0)
            {
                foreach (ConfigError error in errors)
                {
                    _log.LogError("{Error}", error);
                }
                _log.LogError("{Path} has {Count} mistakes and was not taken; the configuration from before goes on", _path, errors.Count);
                Rejected?.Invoke(errors);
                return errors;
            }
            PmoasOptions old = Current;
            Current = options;
            _log.LogInformation("{Path} was taken", _path);
            Changed?.Invoke(old, options);
            return [];
        }
    }

    /// <summary>Stops watching. No event comes once this has returned.</summary>
    public void Dispose()
    {
        _watcher?.Dispose();
        _timer.Dispose();
        lock (_lock)
        {
            _disposed = true;
        }
    }

    // An editor writes in several steps: every one of them starts the wait again. A ConfigMap's link is called ..data.
    private void OnTouched(object sender, FileSystemEventArgs e)
    {
        if (e.Name is { } name && (name == Path.GetFileName(_path) || name.StartsWith("..", StringComparison.Ordinal)))
        {
            _timer.Change(Settle, PollEvery);
        }
    }

    private void ReloadIfEdited()
    {
        lock (_lock)
        {
            if (!_disposed && !_seen.AsSpan().SequenceEqual(Content()))
            {
                Reload();
            }
        }
    }

    /// <summary>Bytes of the file; empty while it cannot be read, as between the two steps of a replacement.</summary>
    private byte[] Content()
    {
        try
        {
            return File.ReadAllBytes(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
