namespace Pmoas.Host.Demo;

/// <summary>The cgroups of a pod, made as container runtimes do: one directory a container in every mounted hierarchy.</summary>
internal static class PodCgroups
{
    /// <summary>Where the hierarchies are mounted: every v1 controller and cgroup2, or cgroup2 alone.</summary>
    internal static IReadOnlyList<string> Roots { get; } =
    [
        .. File.ReadLines("/proc/mounts").Select(line => line.Split(' '))
            .Where(fields => fields[2] is "cgroup" or "cgroup2").Select(fields => fields[1]).Distinct(),
    ];

    /// <summary>Directories of a cgroup, one in each hierarchy.</summary>
    /// <param name="path">Relative to a hierarchy's root, starting with <c>/</c>.</param>
    internal static IEnumerable<string> Directories(string path) => Roots.Select(root => root + path);

    /// <summary>Makes a pod's cgroup and one under it for a container.</summary>
    internal static void Create(string podPath, string containerPath)
    {
        foreach (string root in Roots)
        {
            Make(root, podPath);
            Delegate(root + podPath);
            Make(root, containerPath);
        }
    }

    /// <summary>Processes in a cgroup and in those under it.</summary>
    internal static IReadOnlyList<int> Processes(string path) =>
    [
        .. Directories(path).Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory, "cgroup.procs", SearchOption.AllDirectories))
            .SelectMany(File.ReadLines).Select(int.Parse).Distinct(),
    ];

    /// <summary>Kills what runs in a cgroup and removes it from every hierarchy.</summary>
    /// <exception cref="DemoException">A process in it does not die.</exception>
    internal static async Task RemoveAsync(string path)
    {
        const int Attempts = 400;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            foreach (int pid in Processes(path))
            {
                _ = Signals.Send(pid, Signals.Kill);
            }

            if (TryRemoveDirectories(path))
            {
                return;
            }

            await Task.Delay(5);
        }

        throw new DemoException($"Cgroup {path} cannot be removed: processes {string.Join(", ", Processes(path))} do not end; kill them and remove it by rmdir.");
    }

    private static void Make(string root, string path)
    {
        string directory = Directory.CreateDirectory(root + path).FullName;

        // A new v1 cpuset is empty and takes no process before it is given what its parent has.
        foreach (string file in (string[])["cpuset.cpus", "cpuset.mems"])
        {
            string inherited = Path.Combine(Path.GetDirectoryName(directory)!, file);
            string own = Path.Combine(directory, file);
            if (File.Exists(inherited) && File.Exists(own) && File.ReadAllText(own).Trim().Length == 0)
            {
                File.WriteAllText(own, File.ReadAllText(inherited));
            }
        }
    }

    /// <summary>On cgroup v2: gives the containers the controllers the pod has. There is no such file on v1.</summary>
    private static void Delegate(string podDirectory)
    {
        string available = Path.Combine(podDirectory, "cgroup.controllers");
        if (File.Exists(available))
        {
            foreach (string controller in File.ReadAllText(available).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
            {
                File.WriteAllText(Path.Combine(podDirectory, "cgroup.subtree_control"), $"+{controller}");
            }
        }
    }

    private static bool TryRemoveDirectories(string path)
    {
        try
        {
            foreach (string directory in Directories(path).Where(Directory.Exists))
            {
                foreach (string child in Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories).OrderByDescending(child => child.Length))
                {
                    Directory.Delete(child);
                }

                Directory.Delete(directory);
            }

            return true;
        }
        catch (IOException)
        {
            // EBUSY: a killed process has not left yet.
            return false;
        }
    }
}
