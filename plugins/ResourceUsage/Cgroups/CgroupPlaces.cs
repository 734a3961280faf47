namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>Where one controller's files of every cgroup are.</summary>
/// <param name="Root">Where its hierarchy is mounted.</param>
/// <param name="IsV2">True when the files are those of cgroup v2.</param>
internal sealed record CgroupPlace(string Root, bool IsV2)
{
    /// <summary>A file of a cgroup.</summary>
    /// <param name="path">The cgroup, relative to the root, starting with <c>/</c>.</param>
    /// <param name="file">Name of the file.</param>
    internal string File(string path, string file) => $"{Root}{path}/{file}";
}

/// <summary>
/// Where each controller is on this machine: in a hierarchy of its own (v1), in the common one (v2), or nowhere. A hybrid machine has some
/// of each.
/// </summary>
internal sealed record CgroupPlaces
{
    /// <summary>Quota, throttling, shares.</summary>
    internal CgroupPlace? Cpu { get; private init; }

    /// <summary>CPU time.</summary>
    internal CgroupPlace? CpuTime { get; private init; }

    /// <summary>Memory.</summary>
    internal CgroupPlace? Memory { get; private init; }

    /// <summary>Block devices.</summary>
    internal CgroupPlace? BlockIo { get; private init; }

    /// <summary>Number of tasks.</summary>
    internal CgroupPlace? Pids { get; private init; }

    /// <summary>Pressure stall information: always in the common hierarchy, and only where the kernel keeps it.</summary>
    internal CgroupPlace? Pressure { get; private init; }

    /// <summary>A hierarchy that lists a container's processes: the one its cgroup's path is of.</summary>
    internal CgroupPlace? Processes => Memory ?? Pids ?? CpuTime ?? Pressure;

    /// <summary>Those of this machine.</summary>
    internal static CgroupPlaces Detect() => FromMounts(File.ReadAllText("/proc/self/mounts"), File.Exists("/proc/pressure/cpu"));

    /// <summary>Those that a <c>/proc/mounts</c> names.</summary>
    /// <param name="mounts">Its text.</param>
    /// <param name="pressure">True when the kernel keeps pressure stall information.</param>
    internal static CgroupPlaces FromMounts(string mounts, bool pressure)
    {
        // device, place, type, options, …; a blank in a place is written \040
        string[][] lines = [.. mounts.Split('\n').Select(line => line.Split(' ')).Where(fields => fields.Length >= 4)];
        string? unified = lines.FirstOrDefault(fields => fields[2] == "cgroup2") is { } v2 ? Unescape(v2[1]) : null;
        HashSet<string> inUnified = unified is not null && File.Exists(unified + "/cgroup.controllers")
            ? [.. File.ReadAllText(unified + "/cgroup.controllers").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)]
            : [];

        CgroupPlace? Find(string v1, string v2) =>
            lines.FirstOrDefault(fields => fields[2] == "cgroup" && fields[3].Split(',').Contains(v1)) is { } own ? new CgroupPlace(Unescape(own[1]), false)
            : inUnified.Contains(v2) ? new CgroupPlace(unified!, true)
            : null;

        // On v2 CPU time is kept for every cgroup; the controller adds only quota and weight.
        bool anyV1 = lines.Any(fields => fields[2] == "cgroup" && fields[3].Split(',').Contains("memory"));
        return new CgroupPlaces
        {
            Cpu = Find("cpu", "cpu"),
            CpuTime = Find("cpuacct", "cpu") ?? (unified is not null && !anyV1 ? new CgroupPlace(unified, true) : null),
            Memory = Find("memory", "memory"),
            BlockIo = Find("blkio", "io"),
            Pids = Find("pids", "pids"),
            Pressure = unified is not null && pressure ? new CgroupPlace(unified, true) : null,
        };
    }

    private static string Unescape(string place) => place.Replace(@"\040", " ", StringComparison.Ordinal);
}
