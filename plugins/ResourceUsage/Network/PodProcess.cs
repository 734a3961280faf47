using Pmoas.ResourceUsage.Cgroups;
using Pmoas.ResourceUsage.Native;

namespace Pmoas.ResourceUsage.Network;

/// <summary>
/// A process of a pod, through whose folder its network namespace is read. The folder is held, never a file in it: an open file of
/// <c>net/</c> would keep the namespace alive. A held folder of a process that ended is dead for good, whoever gets its number. Not thread-safe.
/// </summary>
internal sealed unsafe class PodProcess(KeptFiles files) : IDisposable
{
    private static readonly ulong s_machine = NamespaceOf("/proc/1/ns/net\0"u8);
    private static readonly ulong s_own = NamespaceOf("/proc/self/ns/net\0"u8);
    private int _folder = -1;

    /// <summary>True while a process is held.</summary>
    internal bool IsHeld => _folder >= 0;

    /// <summary>
    /// Inode of its network namespace; 0 when it has ended or is on the machine's own network. Asked anew each time, for a process may enter
    /// its namespace late.
    /// </summary>
    internal ulong Network
    {
        get
        {
            ulong its = Namespace(_folder, "ns/net\0"u8);
            return its == s_machine || its == s_own ? 0 : its;
        }
    }

    /// <summary>Holds this process instead of the one before.</summary>
    internal void Hold(int pid)
    {
        Dispose();
        byte* path = stackalloc byte[40];
        ProcessFolder.Write(path, pid, ""u8);
        _folder = Libc.openat(Libc.AT_FDCWD, path, Libc.O_PATH | Libc.O_CLOEXEC);
    }

    /// <summary>Reads a file of the folder into the shared buffer; false when the process has ended.</summary>
    /// <param name="path">Relative to the folder, with a 0 byte at the end.</param>
    /// <param name="text">Its content, valid until the next read.</param>
    internal bool TryRead(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> text)
    {
        text = default;
        int file;
        fixed (byte* name = path)
        {
            file = _folder < 0 ? -1 : Libc.openat(_folder, name, Libc.O_RDONLY | Libc.O_CLOEXEC);
        }

        if (file < 0)
        {
            return false;
        }

        int length = 0;
        nint got;
        do
        {
            if (length == files.Buffer.Length)
            {
                files.Grow();
            }

            fixed (byte* buffer = files.Buffer)
            {
                got = Libc.pread(file, buffer + length, (nuint)(files.Buffer.Length - length), length);
            }

            length += (int)Math.Max(got, 0);
        }
        while (got > 0);

        _ = Libc.close(file);
        text = files.Buffer.AsSpan(0, length);
        return got == 0 && length > 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_folder >= 0)
        {
            _ = Libc.close(_folder);
            _folder = -1;
        }
    }

    private static ulong NamespaceOf(ReadOnlySpan<byte> path) => Namespace(Libc.AT_FDCWD, path);

    private static ulong Namespace(int folder, ReadOnlySpan<byte> path)
    {
        Libc.Statx found;
        fixed (byte* name = path)
        {
            return (folder >= 0 || folder == Libc.AT_FDCWD) && Libc.statx(folder, name, 0, Libc.STATX_INO, &found) == 0 ? found.Inode : 0;
        }
    }
}
