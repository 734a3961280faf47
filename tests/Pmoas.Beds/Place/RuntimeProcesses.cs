using Pmoas.Host.Demo;

namespace Pmoas.Beds.Place;

/// <summary>Processes of container runtimes that belong to a bed: those that name its folder in their command line.</summary>
internal static class RuntimeProcesses
{
    private static readonly HashSet<string> s_programs =
        ["containerd", "containerd-shim-runc-v2", "containerd-shim", "ctr", "dockerd", "docker", "docker-proxy", "runc", "nsenter", "setsid"];

    /// <summary>Their ids now.</summary>
    internal static IReadOnlyList<int> Of(string folder) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => char.IsAsciiDigit(name[0]))
            .Select(int.Parse).Where(pid => Belongs(pid, folder)),
    ];

    /// <summary>Kills them all and those they start meanwhile.</summary>
    /// <exception cref="BedException">One does not die.</exception>
    internal static async Task KillAsync(string folder)
    {
        const int Attempts = 400;
        IReadOnlyList<int> left = Of(folder);
        for (int attempt = 0; left.Count > 0; attempt++, left = Of(folder))
        {
            if (attempt == Attempts)
            {
                throw new BedException($"Processes {string.Join(", ", left)} of {folder} do not end: kill them.");
            }

            foreach (int pid in left)
            {
                _ = Signals.Send(pid, Signals.Kill);
            }

            await Task.Delay(5);
        }
    }

    private static bool Belongs(int pid, string folder)
    {
        try
        {
            string[] arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return s_programs.Contains(Path.GetFileName(arguments[0]))
                && arguments.Any(argument => argument.Contains($"{folder}/", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            // It ended.
            return false;
        }
    }
}
