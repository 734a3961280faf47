namespace Pmoas.Host.Pods.Sources.Sockets;

/// <summary>A container runtime's socket.</summary>
/// <param name="Source">Name of the source that can ask it: <c>cri</c> or <c>docker</c>.</param>
/// <param name="Endpoint">What it is called: the same for as long as it is the same runtime, also when that starts again.</param>
/// <param name="Path">Where it can be connected to now; null when it is not there. From any thread.</param>
internal sealed record RuntimeSocket(string Source, string Endpoint, Func<string?> Path)
{
    private static readonly (string File, string Source)[] Known =
        [("containerd.sock", "cri"), ("crio.sock", "cri"), ("cri-dockerd.sock", "cri"), ("docker.sock", "docker")];

    /// <summary>The source for a socket of this path; null when it is no runtime's, or one that only another runtime uses.</summary>
    public static string? SourceOf(string path)
    {
        // Docker's own containerd, and that of its snap
        if (path.Contains("docker/containerd/", StringComparison.Ordinal) || path.Contains("/moby/", StringComparison.Ordinal))
        {
            return null;
        }
        string file = System.IO.Path.GetFileName(path);
        return Array.Find(Known, known => known.File == file).Source;
    }
}
