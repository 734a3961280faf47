using System.Globalization;

namespace Pmoas.Host.Pods;

/// <summary>The process a container consists of: the one that none of its own processes started.</summary>
internal static class MainProcess
{
    /// <summary>The main one of these processes; 0 when all of them have ended.</summary>
    public static int Of(IReadOnlyCollection<int> processes)
    {
        if (processes.Count == 1)
        {
            int only = processes.First();
            return Runs(only) ? only : 0;
        }
        int any = 0;
        foreach (int pid in processes)
        {
            int? parent = ParentOf(pid);
            if (parent is not null && !processes.Contains(parent.Value))
            {
                return pid;
            }
            any = parent is not null && any == 0 ? pid : any;
        }
        return any;
    }

    /// <summary>True while the process is there.</summary>
    public static bool Runs(int pid) => Directory.Exists($"/proc/{pid}");

    /// <summary>Path of the executable as the container sees it; empty when the process has ended.</summary>
    public static string ExecutableOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/exe").LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The process that started it; null when it is gone.</summary>
    public static int? ParentOf(int pid)
    {
        try
        {
            // pid (name) state ppid …; the name may hold blanks and brackets
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
