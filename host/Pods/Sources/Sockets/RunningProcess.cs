using System.Globalization;

namespace Pmoas.Host.Pods.Sources.Sockets;

/// <summary>A process by the name it goes by.</summary>
/// <param name="Pid">As this process's pid namespace numbers it.</param>
/// <param name="Name">Its <c>comm</c>.</param>
internal readonly record struct RunningProcess(int Pid, string Name)
{
    /// <summary>The process that started it; 0 when that is not known.</summary>
    public int Parent => MainProcess.ParentOf(Pid) ?? 0;

    /// <summary>All of these names.</summary>
    public static IEnumerable<RunningProcess> Named(IReadOnlySet<string> names)
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && NameOf(pid) is { } name && names.Contains(name))
            {
                yield return new RunningProcess(pid, name);
            }
        }
    }

    /// <summary>Name of a process; null when there is none of this number.</summary>
    public static string? NameOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Number of the mount namespace of a process; null when it is gone or hidden.</summary>
    public static string? MountNamespaceOf(int pid) => MountNamespaceOf(pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>Number of the mount namespace of <c>/proc/WHO</c>; null when it is gone or hidden.</summary>
    public static string? MountNamespaceOf(string who)
    {
        try
        {
            return new FileInfo($"/proc/{who}/ns/mnt").LinkTarget?["mnt:[".Length..^1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
