namespace Pmoas.Host.Http;

/// <summary>
/// What is read from files that somebody else renews, as cert-manager and the kubelet do. A change is seen within a second of use; while the
/// files cannot be used, what was read before goes on. Thread-safe.
/// </summary>
/// <typeparam name="T">What the files hold.</typeparam>
internal sealed class RenewedFiles<T>
    where T : class
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<byte[]>, T> _read;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private IReadOnlyList<byte[]> _seen;
    private T _current;
    private long _looked;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="paths">The files, read together.</param>
    /// <param name="read">Makes the value of their contents; throws <see cref="HttpFileException"/> when it cannot.</param>
    /// <param name="log">Told of every renewal, and of every one that failed.</param>
    /// <param name="time">Clock of the looks.</param>
    /// <exception cref="HttpFileException">They cannot be read, or not used.</exception>
    public RenewedFiles(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> read, ILogger log, TimeProvider time)
    {
        (_paths, _read, _log, _time) = (paths, read, log, time);
        _seen = Contents();
        _current = read(_seen);
        _looked = time.GetTimestamp();
    }

    /// <summary>What the files hold, or held when they could last be used.</summary>
    public T Current
    {
        get
        {
            lock (_gate)
            {
                if (_time.GetElapsedTime(_looked) >= LookEvery)
                {
                    _looked = _time.GetTimestamp();
                    Look();
                }

                return _current;
            }
        }
    }

    private void Look()
    {
        string files = string.Join(" and ", _paths);
        try
        {
            IReadOnlyList<byte[]> now = Contents();
            if (now.Zip(_seen).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)))
            {
                return;
            }

            // Not judged a second time: what is wrong is told once.
            _seen = now;
            _current = _read(now);
            _log.LogInformation("{Files} renewed", files);
        }
        catch (HttpFileException e)
        {
            _log.LogWarning("{Reason} What {Files} held before goes on.", e.Message, files);
        }
    }

    private IReadOnlyList<byte[]> Contents() => [.. _paths.Select(path =>
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HttpFileException($"{path} cannot be read ({e.Message.TrimEnd('.')}): see [http] in the configuration.", e);
        }
    })];
}
