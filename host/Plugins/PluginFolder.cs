using Pmoas.Host.Config;

namespace Pmoas.Host.Plugins;

/// <summary>A plugin's folder in the plugin directory.</summary>
/// <param name="Name">Name in <c>[plugins.NAME]</c>: the folder's name in snake_case.</param>
/// <param name="Dll">Full path of <c>FOLDER/FOLDER.dll</c>, symlinks resolved.</param>
/// <param name="Refused">Why nothing of it may be loaded, as a sentence; null when it may.</param>
internal sealed record FoundPlugin(string Name, string Dll, string? Refused = null);

/// <summary>
/// The plugin directory: one folder a plugin, <c>Accept/Accept.dll</c>. What is in there runs with the daemon's capabilities, so
/// anything that somebody else could have written is refused.
/// </summary>
internal static class PluginFolder
{
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The plugins of <paramref name="directory"/>, by name. Empty when the directory does not exist or may not be read: <see cref="WhyEmpty"/>.</summary>
    public static IReadOnlyList<FoundPlugin> Find(string directory)
    {
        DirectoryInfo root = new(Path.GetFullPath(directory));
        if (!root.Exists)
        {
            return [];
        }

        try
        {
            return [.. root.EnumerateDirectories().OrderBy(folder => folder.Name, StringComparer.Ordinal).Select(folder => Look(root, folder))];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Why <see cref="Find"/> found nothing, as a sentence with the cure.</summary>
    public static string WhyEmpty(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return $"there is no directory {directory}: name another with --plugins.";
        }

        try
        {
            _ = Directory.EnumerateDirectories(directory).Any();
        }
        catch (UnauthorizedAccessException)
        {
            return $"{directory} may not be read by user {Environment.UserName}: run as root, or name another with --plugins.";
        }

        return $"no plugin in {directory}: a plugin is a folder with a DLL of the same name; name another directory with --plugins.";
    }

    private static FoundPlugin Look(DirectoryInfo root, DirectoryInfo folder)
    {
        string name = KeyNames.SnakeCase(folder.Name);
        try
        {
            string real = Resolved(folder);
            string dll = Path.Combine(real, folder.Name + ".dll");
            if (!File.Exists(dll))
            {
                return new FoundPlugin(name, dll, $"{folder.FullName} has no {folder.Name}.dll: the folder and the DLL carry the same name.");
            }

            dll = Resolved(new FileInfo(dll));
            IEnumerable<string> trusted = [Resolved(root), real, Path.GetDirectoryName(dll)!, .. Directory.EnumerateFiles(real, "*.dll"), dll];
            return new FoundPlugin(name, dll, trusted.Select(Distrust).FirstOrDefault(reason => reason is not null));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FoundPlugin(name, folder.FullName, $"{folder.FullName} cannot be read: {e.Message}");
        }
    }

    private static string Resolved(FileSystemInfo file) => file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;

    /// <summary>Why this file or directory is not trusted, or null.</summary>
    private static string? Distrust(string path)
    {
        uint owner = FileOwner.Uid(path);
        uint own = FileOwner.OfThisProcess();
        if (owner != 0 && owner != own)
        {
            return $"{path} is owned by uid {owner}, not by root: chown root {path}";
        }

        UnixFileMode mode = File.GetUnixFileMode(path);
        return (mode & WritableByOthers) == 0
            ? null
            : $"{path} is writable by others than its owner (mode {Convert.ToString((int)mode, 8)}): chmod go-w {path}";
    }
}
