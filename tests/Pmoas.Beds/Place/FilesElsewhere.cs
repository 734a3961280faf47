namespace Pmoas.Beds.Place;

/// <summary>
/// Files of a bed's runtimes outside its folder, at places that are fixed in the runtimes: sockets of containerd's shims, which a killed
/// shim leaves, and results of network plugins, which a pod that was not stopped leaves.
/// </summary>
internal static class FilesElsewhere
{
    private const string Sockets = "/run/containerd";
    private const string CniResults = "/var/lib/cni/results";

    /// <summary>Those of the containers and sandboxes that are in a bed's folder now.</summary>
    internal static IReadOnlyList<string> Of(string bed) =>
    [
        .. Under($"{bed}/state/io.containerd.runtime.v2.task").SelectMany(Directory.EnumerateDirectories).Select(AddressOf).OfType<string>(),
        .. Under($"{bed}/state/io.containerd.grpc.v1.cri/sandboxes").SelectMany(sandbox => ResultsOf(Path.GetFileName(sandbox))),
    ];

    /// <summary>Removes them, and the folders they were in when these have become empty.</summary>
    internal static void Remove(IEnumerable<string> files)
    {
        foreach (string file in files)
        {
            File.Delete(file);
        }

        foreach (string folder in (string[])[$"{Sockets}/s", Sockets, CniResults, "/var/lib/cni"])
        {
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
            }
        }
    }

    private static IEnumerable<string> Under(string folder) => Directory.Exists(folder) ? Directory.EnumerateDirectories(folder) : [];

    private static string? AddressOf(string bundle)
    {
        const string Scheme = "unix://";
        string file = Path.Combine(bundle, "address");
        return File.Exists(file) && File.ReadAllText(file).Trim() is string address && address.StartsWith(Scheme, StringComparison.Ordinal)
            ? address[Scheme.Length..]
            : null;
    }

    private static IEnumerable<string> ResultsOf(string sandbox) =>
        Directory.Exists(CniResults) ? Directory.EnumerateFiles(CniResults, $"*-{sandbox}-*") : [];
}
