using System.Diagnostics;

namespace Pmoas.EndToEnd;

/// <summary>
/// The BPF programs, maps and links a process holds, by the ids in its file descriptors: exact, whatever else runs on the machine.
/// </summary>
internal sealed record KernelObjects(IReadOnlySet<(string Kind, string Id)> Ids)
{
    public static KernelObjects Of(int pid) => new(Directory.EnumerateFiles($"/proc/{pid}/fdinfo")
        .SelectMany(ReadOrNothing)
        .Select(line => line.Split(":\t"))
        .Where(pair => pair is ["prog_id" or "map_id" or "link_id", _])
        .Select(pair => (pair[0][..^"_id".Length], pair[1]))
        .ToHashSet());

    /// <summary>Those by which bpf/identity is told of cgroups made and removed; the daemon holds them as long as it runs.</summary>
    private const int HostLinks = 2;

    /// <summary>How many hooks the plugins are attached to.</summary>
    public int PluginLinks => Count("link") - HostLinks;

    public int Count(string kind) => Ids.Count(id => id.Kind == kind);

    /// <summary>Those that are still in the kernel; waits 3 s for them to go, because the kernel frees after a grace period.</summary>
    public async Task<IReadOnlyList<(string Kind, string Id)>> LeftAsync()
    {
        for (int tries = 0; ; tries++)
        {
            (string Kind, string Id)[] left = [.. Ids.Where(IsThere)];
            if (left.Length == 0 || tries == 30)
            {
                return left;
            }

            await Task.Delay(100);
        }
    }

    private static bool IsThere((string Kind, string Id) one)
    {
        using Process bpftool = Process.Start(new ProcessStartInfo("bpftool", [one.Kind, "show", "id", one.Id])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        bpftool.WaitForExit();
        return bpftool.ExitCode == 0;
    }

    /// <summary>A descriptor may be closed between the listing and the reading.</summary>
    private static string[] ReadOrNothing(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
