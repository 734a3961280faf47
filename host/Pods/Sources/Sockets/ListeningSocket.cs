using System.Globalization;

namespace Pmoas.Host.Pods.Sources.Sockets;

/// <summary>A Unix socket that somebody listens at.</summary>
/// <param name="Inode">Inode number of the socket itself, not of its file.</param>
/// <param name="Path">Its file, as the one that listens names it.</param>
internal readonly record struct ListeningSocket(ulong Inode, string Path)
{
    private const uint AcceptsConnections = 0x10000; // __SO_ACCEPTCON
    private const string SocketLink = "socket:[";

    /// <summary>Those of a process that have a file. Empty when it is gone or hidden.</summary>
    /// <remarks>Where its files are hidden, as to one without CAP_SYS_PTRACE, those of all its network namespace.</remarks>
    public static IReadOnlyList<ListeningSocket> Of(int pid)
    {
        try
        {
            IReadOnlyList<ListeningSocket> all = Parse(File.ReadAllText($"/proc/{pid}/net/unix"));
            return OpenSockets(pid) is { } own ? [.. all.Where(socket => own.Contains(socket.Inode))] : all;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Those of a <c>/proc/PID/net/unix</c> that are listened at and have a file.</summary>
    public static IReadOnlyList<ListeningSocket> Parse(string netUnix)
    {
        List<ListeningSocket> found = [];
        foreach (string line in netUnix.Split('\n'))
        {
            // Num RefCount Protocol Flags Type St Inode Path; an abstract name begins with @, a path may hold blanks
            string[] fields = line.Split(' ', 8, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 8 && fields[7].StartsWith('/')
                && uint.TryParse(fields[3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint flags) && (flags & AcceptsConnections) != 0
                && ulong.TryParse(fields[6], CultureInfo.InvariantCulture, out ulong inode))
            {
                found.Add(new ListeningSocket(inode, fields[7]));
            }
        }
        return found;
    }

    private static HashSet<ulong>? OpenSockets(int pid)
    {
        try
        {
            HashSet<ulong> inodes = [];
            foreach (string fd in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
            {
                if (LinkOf(fd) is { } link && link.StartsWith(SocketLink, StringComparison.Ordinal)
                    && ulong.TryParse(link.AsSpan(SocketLink.Length..^1), CultureInfo.InvariantCulture, out ulong inode))
                {
                    inodes.Add(inode);
                }
            }
            return inodes;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? LinkOf(string fd)
    {
        try
        {
            return new FileInfo(fd).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // closed since
        }
    }
}
