namespace Pmoas.Beds.Images;

/// <summary>One image of a single layer, made from files of this machine.</summary>
/// <param name="Reference">Name and tag, with a registry that does not exist.</param>
/// <param name="Entrypoint">Program and arguments it starts with.</param>
internal sealed record OfflineImage(string Reference, IReadOnlyList<string> Entrypoint)
{
    internal const string Pause = "pmoas.test/pause:1";
    internal const string Client = "pmoas.test/client:1";
    internal const string Busybox = "pmoas.test/busybox:1";
    internal const string Haproxy = "pmoas.test/haproxy:2.6";
    internal const string Nginx = "pmoas.test/nginx:1.22";

    /// <summary>Path in the image to the file of this machine it is a copy of.</summary>
    internal SortedDictionary<string, string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Path in the image to its text.</summary>
    internal SortedDictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    /// <summary>Path in the image to where it points.</summary>
    internal SortedDictionary<string, string> Links { get; } = new(StringComparer.Ordinal);

    /// <summary>Folders that are empty when a container starts.</summary>
    internal SortedSet<string> Folders { get; } = new(StringComparer.Ordinal) { "/tmp", "/run", "/etc", "/dev", "/proc", "/sys" };

    /// <summary>Adds a program of this machine and the shared libraries it needs, all at the paths they have here.</summary>
    internal async Task AddProgramAsync(string program)
    {
        Files[program] = program;
        foreach (string library in await SharedLibraries.OfAsync(program))
        {
            Files[library] = library;
        }
    }
}
