using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources.Sockets;

/// <summary>
/// Finds the container runtimes that run on this machine by the Unix sockets they listen at, also those that run in containers, as on a node
/// of minikube or kind. Thread-safe.
/// </summary>
/// <param name="cgroups">Tells in which container a process runs.</param>
internal sealed class RuntimeSockets(CgroupTree cgroups)
{
    private static readonly HashSet<string> Runtimes = ["containerd", "dockerd", "crio", "cri-dockerd", "k3s-server", "k3s-agent"];

    private static readonly string[] WellKnown =
    [
        "/run/containerd/containerd.sock", "/run/crio/crio.sock", "/run/k3s/containerd/containerd.sock", "/run/cri-dockerd.sock", "/run/docker.sock",
        "/var/run/docker.sock",
    ];

    /// <summary>Those that are there now, each once. Takes some ms on a machine with many processes.</summary>
    public IReadOnlyList<RuntimeSocket> Find()
    {
        List<RuntimeSocket> found = [];
        HashSet<SocketFile> seen = [];
        foreach (string path in WellKnown)
        {
            if (SocketFile.At(path) is { } file && seen.Add(file))
            {
                found.Add(AtPath(RuntimeSocket.SourceOf(path)!, path));
            }
        }
        foreach (Listener listener in Listeners())
        {
            if (seen.Add(listener.File))
            {
                found.Add(listener.IsOurs
                    ? AtPath(listener.Source, listener.Path)
                    : new RuntimeSocket(listener.Source, listener.Endpoint, () => PathNow(listener.Endpoint)));
            }
        }
        return found;
    }

    /// <summary>A socket whose path the user gave.</summary>
    /// <param name="source">Name of the source that asks it.</param>
    /// <param name="path">Its path, as this process sees it.</param>
    public static RuntimeSocket AtPath(string source, string path) => new(source, path, () => SocketFile.At(path) is not null ? path : null);

    /// <summary>A runtime that started again has another pid, so the path through <c>/proc</c> is another one.</summary>
    private string? PathNow(string endpoint)
    {
        foreach (Listener listener in Listeners())
        {
            if (listener.Endpoint == endpoint)
            {
                return listener.Path;
            }
        }
        return null;
    }

    private IEnumerable<Listener> Listeners()
    {
        string? ourMounts = RunningProcess.MountNamespaceOf("self");
        foreach (RunningProcess runtime in RunningProcess.Named(Runtimes))
        {
            if (runtime.Name == "containerd" && RunningProcess.NameOf(runtime.Parent) == "dockerd")
            {
                continue; // Docker's own: what it runs, Docker tells
            }
            string? mounts = RunningProcess.MountNamespaceOf(runtime.Pid);
            if (mounts is null)
            {
                continue;
            }
            foreach (string path in ListeningSocket.Of(runtime.Pid).Select(socket => socket.Path).Distinct())
            {
                if (RuntimeSocket.SourceOf(path) is not { } source)
                {
                    continue;
                }
                string through = mounts == ourMounts ? path : $"/proc/{runtime.Pid}/root{path}";
                if (SocketFile.At(through) is not { } file)
                {
                    continue; // the file was removed, or it is hidden from us
                }
                // A service of systemd may have a mount namespace of its own and yet the same files.
                bool isOurs = mounts == ourMounts || SocketFile.At(path) == file;
                yield return isOurs
                    ? new Listener(source, path, path, file, IsOurs: true)
                    : new Listener(source, $"{path} in {PlaceOf(runtime.Pid, mounts)}", through, file, IsOurs: false);
            }
        }
    }

    private string PlaceOf(int pid, string mounts) =>
        cgroups.OfProcess(pid) is { } path && InnermostContainer(path) is { } id ? $"container {id[..12]}" : $"mount namespace {mounts}";

    /// <summary>Id of the container that a cgroup is in; null when it is in none.</summary>
    internal static string? InnermostContainer(string cgroupPath)
    {
        for (string path = cgroupPath; path.Length > 1; path = path[..path.LastIndexOf('/')])
        {
            if (ContainerCgroup.Parse(path) is { } container)
            {
                return container.Id;
            }
        }
        return null;
    }

    /// <summary>A socket that a runtime listens at.</summary>
    /// <param name="Source">Name of the source that can ask it.</param>
    /// <param name="Endpoint">What it is called.</param>
    /// <param name="Path">Where this process can connect to it.</param>
    /// <param name="File">The socket's file.</param>
    /// <param name="IsOurs">True when the path is one of our own mount namespace.</param>
    private sealed record Listener(string Source, string Endpoint, string Path, SocketFile File, bool IsOurs);
}
