using System.Globalization;

namespace Pmoas.Host.Pods;

/// <summary>
/// The numbers of one process in nested pid namespaces. A runtime in a container names the processes of its containers by numbers that only its
/// own namespace knows.
/// </summary>
internal static class NestedPids
{
    /// <summary>True when this process is in the machine's own pid namespace and so sees every process.</summary>
    public static bool InitialNamespace { get; } = IsInitial();

    /// <summary>The process's numbers, that of our own namespace first, that of its own last; empty when it is gone.</summary>
    /// <param name="pid">Its number in our namespace.</param>
    public static IReadOnlyList<int> Of(int pid)
    {
        try
        {
            return Parse(File.ReadLines($"/proc/{pid}/status"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The numbers in the line <c>NSpid:</c> of a <c>/proc/PID/status</c>; empty when it has none.</summary>
    public static IReadOnlyList<int> Parse(IEnumerable<string> status)
    {
        const string Title = "NSpid:";
        string? line = status.FirstOrDefault(line => line.StartsWith(Title, StringComparison.Ordinal));
        return line is null ? [] :
        [
            .. line[Title.Length..].Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>Which of a container's processes a runtime means; 0 when none has that number.</summary>
    /// <param name="processes">The processes of the container's cgroup, by our numbers.</param>
    /// <param name="pid">The number the runtime gives.</param>
    /// <param name="level">How many pid namespaces below ours the runtime's is, when that is known.</param>
    public static int Find(IReadOnlyCollection<int> processes, int pid, int? level = null) => Find(processes, pid, level, Of);

    /// <summary>The same with the numbers taken from elsewhere than <c>/proc</c>.</summary>
    internal static int Find(IReadOnlyCollection<int> processes, int pid, int? level, Func<int, IReadOnlyList<int>> numbersOf)
    {
        List<int> fitting = [];
        foreach (int process in processes)
        {
            IReadOnlyList<int> numbers = numbersOf(process);
            if (level is { } known ? numbers.ElementAtOrDefault(known) == pid : numbers.Contains(pid))
            {
                fitting.Add(process);
            }
        }
        // One number may be that of several processes at different levels: a runtime means the container's first.
        return fitting.Count <= 1 ? fitting.FirstOrDefault() : fitting.Contains(MainProcess.Of(processes)) ? MainProcess.Of(processes) : fitting[0];
    }

    private static bool IsInitial()
    {
        const string Initial = "pid:[4026531836]"; // PROC_PID_INIT_INO of the kernel's proc_ns.h
        return new FileInfo("/proc/self/ns/pid").LinkTarget == Initial;
    }
}
