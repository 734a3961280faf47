namespace Pmoas.Beds.Place;

/// <summary>Sockets of containerd's shims: they lie outside the bed's folder, and a killed shim leaves its own.</summary>
internal static class ShimSockets
{
    private const string Folder = "/run/containerd";

    /// <summary>Those of the containers whose bundles are in a bed's folder.</summary>
    internal static IReadOnlyList<string> Of(string bed) =>
        Directory.Exists(bed) ? [.. StateFolders(bed).SelectMany(Bundles).Select(AddressOf).OfType<string>()] : [];

    /// <summary>Removes them, and the folders they were in when these have become empty.</summary>
    internal static void Remove(IEnumerable<string> sockets)
    {
        foreach (string socket in sockets)
        {
            File.Delete(socket);
        }

        foreach (string folder in (string[])[$"{Folder}/s", Folder])
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }

    /// <summary>State folders of the runtimes a bed can have: containerd's own and the one under Docker.</summary>
    private static IEnumerable<string> StateFolders(string bed) =>
        ((string[])[$"{bed}/state", $"{bed}/exec/containerd/daemon"]).Select(state => $"{state}/io.containerd.runtime.v2.task").Where(Directory.Exists);

    private static IEnumerable<string> Bundles(string state) => Directory.EnumerateDirectories(state).SelectMany(Directory.EnumerateDirectories);

    private static string? AddressOf(string bundle)
    {
        const string Scheme = "unix://";
        string file = Path.Combine(bundle, "address");
        return File.Exists(file) && File.ReadAllText(file).Trim() is string address && address.StartsWith(Scheme, StringComparison.Ordinal)
            ? address[Scheme.Length..]
            : null;
    }
}
