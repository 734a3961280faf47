using Microsoft.Win32.SafeHandles;

namespace Pmoas.Host.Pods.Cgroups;

/// <summary>Which hierarchy's cgroup says to which container a process belongs; the kernel programs must look at the same.</summary>
internal enum CgroupMode
{
    /// <summary>The memory controller's, on cgroup v1 and on hybrid machines.</summary>
    V1Memory,

    /// <summary>The one and only of cgroup v2.</summary>
    V2,
}

/// <summary>A cgroup's directory.</summary>
/// <param name="Path">Relative to the hierarchy's root, starting with <c>/</c>.</param>
/// <param name="Inode">Its inode number, which is the cgroup id that kernel programs see.</param>
internal readonly record struct Cgroup(string Path, ulong Inode);

/// <summary>The hierarchy of cgroups that tells containers apart. Thread-safe: holds no state but its root.</summary>
/// <param name="Mode">Which hierarchy it is.</param>
/// <param name="Root">Where it is mounted.</param>
internal sealed record CgroupTree(CgroupMode Mode, string Root)
{
    /// <summary>The hierarchy of this machine.</summary>
    /// <exception cref="PlatformNotSupportedException">No usable hierarchy is mounted; the message says what to mount.</exception>
    public static CgroupTree Detect() => FromMounts(File.ReadAllText("/proc/self/mounts"));

    /// <summary>The hierarchy that a <c>/proc/mounts</c> names: v1's memory controller when it is mounted, as then v2 does not have it.</summary>
    /// <exception cref="PlatformNotSupportedException">No usable hierarchy is mounted; the message says what to mount.</exception>
    public static CgroupTree FromMounts(string mounts)
    {
        // device, place, type, options, …; a blank in a place is written \040
        string[][] lines = [.. mounts.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length >= 4)];
        string[]? memory = lines.FirstOrDefault(f => f[2] == "cgroup" && f[3].Split(',').Contains("memory"));
        string[]? unified = lines.FirstOrDefault(f => f[2] == "cgroup2");
        return (memory, unified) switch
        {
            ({ } m, _) => new CgroupTree(CgroupMode.V1Memory, Unescape(m[1])),
            (null, { } u) => new CgroupTree(CgroupMode.V2, Unescape(u[1])),
            _ => throw new PlatformNotSupportedException(
                "no cgroup hierarchy is mounted, so containers cannot be told apart; mount one: mount -t cgroup2 none /sys/fs/cgroup"),
        };
    }

    /// <summary>The directory of a cgroup, there or not.</summary>
    public string DirectoryOf(string path) => Root + path;

    /// <summary>The cgroup at this path; null when there is none.</summary>
    public Cgroup? Find(string path) => Stat(path) is { } found ? new Cgroup(path, found.Inode) : null;

    /// <summary>The cgroup and all below it, the cgroup first; empty when there is none. What vanishes while it is read is left out.</summary>
    /// <param name="path">Relative to the root, starting with <c>/</c>.</param>
    /// <param name="others">Paths that belong to somebody else, with all below them.</param>
    public IReadOnlyList<Cgroup> Subtree(string path, IReadOnlySet<string> others)
    {
        List<Cgroup> found = [];
        Walk(path, others, found);
        return found;
    }

    /// <summary>The processes of one cgroup, not of those below it. Empty when it is gone.</summary>
    public IReadOnlyList<int> Processes(string path)
    {
        // Read at every look at a container that starts: no reader of text, no line in memory.
        List<int> found = [];
        Span<byte> text = stackalloc byte[4096];
        try
        {
            using SafeFileHandle file = File.OpenHandle(DirectoryOf(path) + "/cgroup.procs", share: FileShare.ReadWrite | FileShare.Delete);
            int pid = 0;
            long at = 0;
            for (int bytes; (bytes = RandomAccess.Read(file, text, at)) > 0; at += bytes)
            {
                foreach (byte one in text[..bytes])
                {
                    if (char.IsAsciiDigit((char)one))
                    {
                        pid = (pid * 10) + one - '0';
                    }
                    else
                    {
                        Add(found, ref pid);
                    }
                }
            }
            Add(found, ref pid);
            return found;
        }
        catch (IOException)
        {
            return []; // ENOENT or ENODEV: rmdir came first
        }
    }

    /// <summary>The cgroup a process is in, relative to this hierarchy's root; null when the process is gone or is in none that can be seen from here.</summary>
    public string? OfProcess(int pid)
    {
        try
        {
            // number:controllers:path; the controllers of cgroup v2 are none
            foreach (string line in File.ReadLines($"/proc/{pid}/cgroup"))
            {
                string[] fields = line.Split(':', 3);
                if (Mode == CgroupMode.V2 ? fields[1].Length == 0 : fields[1].Split(',').Contains("memory"))
                {
                    return fields[2].StartsWith("/..", StringComparison.Ordinal) ? null : fields[2];
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // gone since
        }
        return null;
    }

    private static void Add(List<int> found, ref int pid)
    {
        if (pid > 0) // one of another pid namespace reads as 0
        {
            found.Add(pid);
        }
        pid = 0;
    }

    private void Walk(string path, IReadOnlySet<string> others, List<Cgroup> found)
    {
        if (Stat(path) is not { } directory)
        {
            return;
        }
        found.Add(new Cgroup(path, directory.Inode));
        if (directory.Links == 2)
        {
            return; // each directory below would be one more: nothing to list
        }
        try
        {
            foreach (string below in Directory.EnumerateDirectories(DirectoryOf(path)))
            {
                string child = path + "/" + Path.GetFileName(below);
                if (!others.Contains(child))
                {
                    Walk(child, others, found);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // gone since: what has been seen of it is enough, the next look finds it gone
        }
    }

    private unsafe Libc.Statx? Stat(string path)
    {
        Libc.Statx found;
        return Libc.statx(Libc.AT_FDCWD, DirectoryOf(path), 0, Libc.STATX_INO | Libc.STATX_NLINK, &found) == 0 ? found : null;
    }

    private static string Unescape(string place) => place.Replace(@"\040", " ", StringComparison.Ordinal);
}
