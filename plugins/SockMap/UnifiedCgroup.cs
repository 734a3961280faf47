namespace Pmoas.SockMap;

/// <summary>The hierarchy of cgroup v2, to whose cgroups socket programs are attached; it is there on v1 machines too, without controllers.</summary>
internal static class UnifiedCgroup
{
    /// <summary>Where it is mounted; null when it is not.</summary>
    internal static string? Root { get; } = RootOf(File.ReadAllText("/proc/self/mounts"));

    /// <summary>Directory of the cgroup this process is in; null when the hierarchy is not mounted, or shows no such cgroup.</summary>
    internal static string? OfThisProcess()
    {
        string? path = File.ReadLines("/proc/self/cgroup").FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..];
        return Root is null || path is null ? null
            : Directory.Exists(Root + path) ? Root + path.TrimEnd('/')
            : Root; // a container sees its path from outside: the root it has is its own or the host's
    }

    /// <summary>The first mount of type <c>cgroup2</c> in a <c>/proc/mounts</c>.</summary>
    internal static string? RootOf(string mounts) =>
        mounts.Split('\n').Select(line => line.Split(' ')).FirstOrDefault(fields => fields.Length >= 4 && fields[2] == "cgroup2")?[1]
            .Replace(@"\040", " ", StringComparison.Ordinal);
}
