using System.Runtime.InteropServices;
using System.Text;

namespace Pmoas.Host.Pods.Cgroups;

/// <summary>A cgroup was made or removed.</summary>
/// <param name="Path">Relative to the hierarchy's root, starting with <c>/</c>.</param>
/// <param name="IsGone">True when it was removed.</param>
internal readonly record struct CgroupEvent(string Path, bool IsGone);

/// <summary>
/// Tells at once which cgroups are made and removed, in the order it happened, by inotify on every directory of the hierarchy. A cgroup
/// made before its parent could be watched is found by listing the parent. Where the kernel has no watch left, or lost events, the whole
/// tree is read again.
/// </summary>
/// <remarks>The handlers are called on a thread of its own, one batch at a time.</remarks>
internal sealed class CgroupEvents : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const int HeaderBytes = 16; // struct inotify_event without its name
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);

    private readonly CgroupTree _tree;
    private readonly ILogger _log;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _paths = [];
    private readonly Dictionary<string, int> _watches = new(StringComparer.Ordinal);
    private readonly List<Action<IReadOnlyList<CgroupEvent>>> _handlers = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _inotify;
    private readonly int _stop;
    private readonly Thread _thread;
    private bool _polls;
    private bool _disposed;

    /// <summary>Begins to watch; what exists is known when this returns.</summary>
    public CgroupEvents(CgroupTree tree, ILogger log)
    {
        (_tree, _log) = (tree, log);
        _stop = Libc.eventfd(0, Libc.EFD_CLOEXEC);
        _inotify = Libc.inotify_init1(Libc.IN_CLOEXEC | Libc.IN_NONBLOCK);
        if (_inotify < 0)
        {
            Poll();
        }
        Find("", []);
        _thread = new Thread(RunToTheEnd) { IsBackground = true, Name = "cgroup events" };
        _thread.Start();
    }

    /// <summary>Completes when disposed; faulted when a handler threw, after which nothing is told any more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Calls the handler with what there is now, as made, and then with everything that happens.</summary>
    /// <returns>Ends the calls; none comes once it is disposed, unless from the handler itself.</returns>
    public IDisposable Subscribe(Action<IReadOnlyList<CgroupEvent>> handler)
    {
        lock (_lock)
        {
            handler([.. _watches.Keys.Where(path => path.Length > 0).Order(StringComparer.Ordinal).Select(path => new CgroupEvent(path, IsGone: false))]);
            _handlers.Add(handler);
        }
        return new Subscription(this, handler);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
        }
        Wake();
        _thread.Join();
        _ = Libc.close(_stop);
        if (_inotify >= 0)
        {
            _ = Libc.close(_inotify);
        }
    }

    private unsafe void Wake()
    {
        ulong one = 1;
        _ = Libc.write(_stop, &one, sizeof(ulong));
    }

    private void RunToTheEnd()
    {
        try
        {
            Run();
            _ended.TrySetResult();
        }
        // The border of the thread: what escapes here would end the process without a word.
        catch (Exception e)
        {
            _ended.TrySetException(e);
        }
    }

    private unsafe void Run()
    {
        byte* buffer = (byte*)NativeMemory.Alloc(BufferBytes);
        Libc.PollFd* polled = stackalloc Libc.PollFd[2];
        List<CgroupEvent> batch = [];
        try
        {
            while (true)
            {
                polled[0] = new Libc.PollFd { Fd = _stop, Events = Libc.POLLIN };
                polled[1] = new Libc.PollFd { Fd = _inotify, Events = Libc.POLLIN };
                _ = Libc.poll(polled, 2, _polls ? (int)PollEvery.TotalMilliseconds : -1);
                lock (_lock)
                {
                    if (_disposed)
                    {
                        return;
                    }
                    batch.Clear();
                    long bytes;
                    while (_inotify >= 0 && (bytes = Libc.read(_inotify, buffer, BufferBytes)) > 0)
                    {
                        Take(new ReadOnlySpan<byte>(buffer, (int)bytes), batch);
                    }
                    if (_polls)
                    {
                        ReadAgain(batch);
                    }
                    if (batch.Count > 0)
                    {
                        foreach (Action<IReadOnlyList<CgroupEvent>> handler in _handlers.ToArray())
                        {
                            handler(batch);
                        }
                    }
                }
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    private void Take(ReadOnlySpan<byte> events, List<CgroupEvent> batch)
    {
        while (events.Length >= HeaderBytes)
        {
            int watch = MemoryMarshal.Read<int>(events);
            uint mask = MemoryMarshal.Read<uint>(events[4..]);
            int length = (int)MemoryMarshal.Read<uint>(events[12..]);
            ReadOnlySpan<byte> name = events.Slice(HeaderBytes, length).TrimEnd((byte)0);
            events = events[(HeaderBytes + length)..];
            if ((mask & Libc.IN_Q_OVERFLOW) != 0)
            {
                ReadAgain(batch);
            }
            else if ((mask & Libc.IN_ISDIR) != 0 && _paths.TryGetValue(watch, out string? parent))
            {
                string path = parent + "/" + Encoding.UTF8.GetString(name);
                if ((mask & Libc.IN_CREATE) != 0)
                {
                    Find(path, batch);
                }
                else if ((mask & Libc.IN_DELETE) != 0)
                {
                    Lose(path, batch);
                }
            }
        }
    }

    /// <summary>Watches a cgroup and all below it that are not watched yet.</summary>
    private void Find(string path, List<CgroupEvent> batch)
    {
        if (_watches.ContainsKey(path))
        {
            return; // found by listing its parent, before its event came
        }
        int watch = _inotify < 0 ? -1 : Libc.inotify_add_watch(_inotify, _tree.DirectoryOf(path), Libc.IN_CREATE | Libc.IN_DELETE | Libc.IN_ONLYDIR);
        if (watch < 0 && _inotify >= 0 && Marshal.GetLastPInvokeError() == Libc.ENOSPC)
        {
            Poll();
        }
        if (watch >= 0)
        {
            if (_paths.TryGetValue(watch, out string? before))
            {
                _watches.Remove(before); // the number belonged to a cgroup that is gone
            }
            _paths[watch] = path;
        }
        // Also when it is gone already: its end is told by its parent's watch.
        _watches[path] = watch;
        if (path.Length > 0)
        {
            batch.Add(new CgroupEvent(path, IsGone: false));
        }
        foreach (string child in Children(path))
        {
            Find(path + "/" + child, batch);
        }
    }

    private void Lose(string path, List<CgroupEvent> batch)
    {
        if (_watches.Remove(path, out int watch))
        {
            if (watch >= 0 && _paths.TryGetValue(watch, out string? held) && held == path)
            {
                _paths.Remove(watch);
            }
            batch.Add(new CgroupEvent(path, IsGone: true));
        }
    }

    /// <summary>Compares the whole tree with what is known.</summary>
    private void ReadAgain(List<CgroupEvent> batch)
    {
        foreach (string path in _watches.Keys.Where(path => path.Length > 0 && !Directory.Exists(_tree.DirectoryOf(path))).ToArray())
        {
            Lose(path, batch);
        }
        foreach (string path in _watches.Keys.ToArray())
        {
            foreach (string child in Children(path))
            {
                Find(path + "/" + child, batch);
            }
        }
    }

    private string[] Children(string path)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(_tree.DirectoryOf(path)).Select(child => Path.GetFileName(child))];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // gone since
        }
    }

    private void Poll()
    {
        if (!_polls)
        {
            _polls = true;
            _log.LogWarning(
                "Cgroups are read every {Seconds} s, for the kernel has no inotify watch left: containers are noticed later; raise fs.inotify.max_user_watches and max_user_instances",
                PollEvery.TotalSeconds);
        }
    }

    private sealed class Subscription(CgroupEvents events, Action<IReadOnlyList<CgroupEvent>> handler) : IDisposable
    {
        public void Dispose()
        {
            lock (events._lock)
            {
                events._handlers.Remove(handler);
            }
        }
    }
}
