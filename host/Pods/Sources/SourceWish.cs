using Pmoas.Host.Config;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources.Cri;
using Pmoas.Host.Pods.Sources.Docker;
using Pmoas.Host.Pods.Sources.Kubernetes;
using Pmoas.Host.Pods.Sources.Sockets;

namespace Pmoas.Host.Pods.Sources;

/// <summary>What makes a source another one.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Made">What it is made from.</param>
/// <param name="IsFound">True when it was found, false when the configuration names it.</param>
internal readonly record struct SourceKey(string Name, string Made, bool IsFound);

/// <summary>A source that shall run.</summary>
/// <param name="Key">Which it is.</param>
/// <param name="IsWanted">True when the user switched it on by name, so that its failing is a fault and not a lack.</param>
/// <param name="Make">Makes it.</param>
internal sealed record WantedSource(SourceKey Key, bool IsWanted, Func<IPodSource> Make);

/// <summary>Says which sources shall run: those that are configured, and of those left to us the ones this machine has now.</summary>
internal sealed class SourceWish(
    StaticPodSource byHand, PodDirectory directory, CgroupTree tree, CgroupEvents events, ILogger log, TimeProvider time)
{
    private const string DefaultCri = "/run/containerd/containerd.sock", DefaultDocker = "/run/docker.sock";

    private readonly RuntimeSockets _sockets = new(tree);

    /// <summary>The sources that shall run now. Looks for runtimes where that is left to us: takes some ms on a machine with many processes.</summary>
    public IReadOnlyList<WantedSource> Of(SourcesOptions options)
    {
        List<WantedSource> wanted = [new(new SourceKey(byHand.Name, "", IsFound: false), IsWanted: true, () => byHand)];
        KubernetesSourceOptions kubernetes = options.Kubernetes;
        if (kubernetes.Enabled ?? KubernetesSource.IsOffered(kubernetes))
        {
            string made = $"{kubernetes.Kubeconfig}\n{kubernetes.NodeName}\n{kubernetes.WatchTimeout}";
            wanted.Add(new WantedSource(
                new SourceKey("kubernetes", made, IsFound: false), kubernetes.Enabled == true, () => new KubernetesSource(kubernetes, log, time)));
        }
        bool looks = IsLeftToUs(options.Cri) || IsLeftToUs(options.Docker);
        IReadOnlyList<RuntimeSocket> found = looks ? _sockets.Find() : [];
        wanted.AddRange(Runtime("cri", options.Cri, found, DefaultCri));
        wanted.AddRange(Runtime("docker", options.Docker, found, DefaultDocker));
        if (options.Cgroupfs.Enabled)
        {
            wanted.Add(new WantedSource(new SourceKey("cgroupfs", "", IsFound: false), IsWanted: true, () => new CgroupfsSource(tree, events, directory)));
        }
        return wanted;
    }

    /// <summary>True when a source that was found may run still, also while it cannot be found.</summary>
    public static bool IsAllowed(SourceKey key, SourcesOptions options) => key.IsFound && IsLeftToUs(key.Name == "cri" ? options.Cri : options.Docker);

    private static bool IsLeftToUs(RuntimeSourceOptions options) => options is { Enabled: not false, Endpoints.Count: 0 };

    private IEnumerable<WantedSource> Runtime(string name, RuntimeSourceOptions options, IReadOnlyList<RuntimeSocket> found, string otherwise)
    {
        if (options.Enabled == false)
        {
            return [];
        }
        if (!IsLeftToUs(options))
        {
            return options.Endpoints.Select(path => Want(RuntimeSockets.AtPath(name, path), isFound: false, isWanted: true));
        }
        RuntimeSocket[] own = [.. found.Where(socket => socket.Source == name)];
        return own.Length == 0 && options.Enabled == true
            ? [Want(RuntimeSockets.AtPath(name, otherwise), isFound: true, isWanted: true)] // to say that there is none
            : own.Select(socket => Want(socket, isFound: true, isWanted: options.Enabled == true));
    }

    private WantedSource Want(RuntimeSocket socket, bool isFound, bool isWanted) => new(
        new SourceKey(socket.Source, socket.Endpoint, isFound), isWanted, () => socket.Source == "cri"
            ? new CriSource(socket.Endpoint, socket.Path, log, time, tree)
            : new DockerSource(socket.Endpoint, socket.Path, log, time, tree));
}
