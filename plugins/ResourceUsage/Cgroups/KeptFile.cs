using Pmoas.ResourceUsage.Native;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>One file whose descriptor is kept. Reads allocate nothing and throw nothing. Not thread-safe.</summary>
internal sealed unsafe class KeptFile : IDisposable
{
    /// <summary>A runtime makes a container's cgroups one after the other: a file that is not there at once is looked for again.</summary>
    private const int MostLooks = 5;

    /// <summary>A file of many records is handed out a page at a time, short of one record; what is shorter than this came whole.</summary>
    private const int Whole = 4096 - 512;

    private readonly KeptFiles _files;
    private readonly byte[] _path;
    private readonly bool _keep;
    private int _fd = -1;
    private bool _kept;
    private int _looks;
    private bool _gone;

    internal KeptFile(KeptFiles files, string path, bool keep) => (_files, _path, _keep) = (files, KeptFiles.PathBytes(path), keep);

    /// <summary>True once it could be read.</summary>
    internal bool WasThere { get; private set; }

    /// <summary>Reads all of it, as it is now.</summary>
    /// <param name="text">Its content, in the shared buffer: valid until the next read of any file.</param>
    /// <returns>False when it is not there, or not any more.</returns>
    internal bool TryRead(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_fd < 0 && !Open())
        {
            return false;
        }

        int length = 0;
        while (true)
        {
            nint got;
            fixed (byte* buffer = _files.Buffer)
            {
                got = Libc.pread(_fd, buffer + length, (nuint)(_files.Buffer.Length - length), length);
            }

            if (got < 0)
            {
                // ENODEV: its cgroup was removed. ESRCH: its process ended. It does not come back under this descriptor.
                _gone = true;
                Close();
                return false;
            }

            length += (int)got;
            if (got == 0 || length < Whole)
            {
                break;
            }

            if (length == _files.Buffer.Length)
            {
                _files.Grow();
            }
        }

        if (!_kept)
        {
            Close();
        }

        WasThere = true;
        text = _files.Buffer.AsSpan(0, length);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gone = true;
        Close();
    }

    private bool Open()
    {
        if (_gone || (!WasThere && _looks >= MostLooks))
        {
            return false;
        }

        fixed (byte* path = _path)
        {
            _fd = Libc.openat(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_CLOEXEC);
        }

        if (_fd < 0)
        {
            _looks++;
            _gone = WasThere;
            return false;
        }

        _kept = _keep && _files.Take();
        return true;
    }

    private void Close()
    {
        if (_fd >= 0)
        {
            _ = Libc.close(_fd);
            _fd = -1;
            if (_kept)
            {
                _kept = false;
                _files.GiveBack();
            }
        }
    }
}
