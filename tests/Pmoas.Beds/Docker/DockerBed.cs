using Pmoas.Beds.Containerd;
using Pmoas.Beds.Images;
using Pmoas.Beds.Place;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Docker;

/// <summary>
/// A real dockerd apart from any other of the machine: own folders, own socket, own network namespace, own containerd,
/// which goes on when dockerd is stopped. Needs root. Leaves nothing behind once disposed.
/// </summary>
internal sealed class DockerBed : IAsyncDisposable
{
    private const string CgroupParent = "/docker";
    private readonly BedPlace _place;
    private readonly RuntimeDaemon _containerd;
    private readonly RuntimeDaemon _daemon;
    private readonly DockerPods _pods;

    private DockerBed(BedPlace place)
    {
        _place = place;
        Docker = new DockerCli(SocketPath, place.In("cli"));
        _pods = new DockerPods(Docker, place);

        string containerd = place.In("containerd.sock");
        _containerd = new RuntimeDaemon(place, "containerd", ["--config", place.Write("config.toml", ContainerdConfig.Toml(place.Directory, containerd))]);

        // Live restore: containers go on when the daemon is killed and started again.
        place.Write("daemon.json", $$"""{ "live-restore": true, "deprecated-key-path": "{{place.In("key.json")}}" }""");
        _daemon = new RuntimeDaemon(place, "dockerd",
        [
            "--config-file", place.In("daemon.json"), "--host", $"unix://{SocketPath}", "--pidfile", place.In("dockerd.pid"),
            "--containerd", containerd,
            "--data-root", place.In("data"), "--exec-root", place.In("exec"), "--storage-driver", "overlay2",
            "--bip", "10.223.0.1/16", "--iptables=false", "--ip-masq=false", "--userland-proxy=false",
        ]);
    }

    /// <summary>Where dockerd listens.</summary>
    internal string SocketPath => _place.In("docker.sock");

    /// <summary>The node's network namespace with the bridge <c>docker0</c>: clients of the containers start here.</summary>
    internal NamedNetns Network => _place.Network;

    /// <summary>Process id of dockerd; it must run.</summary>
    internal int Pid => _daemon.Pid;

    /// <summary>The command line, for what the bed has no method for; tell <see cref="WillHaveContainer"/> of containers made with it.</summary>
    internal DockerCli Docker { get; }

    /// <summary>Starts dockerd and gives it all images.</summary>
    /// <exception cref="BedException">Not root, or it did not come up; nothing is left behind.</exception>
    internal static async Task<DockerBed> StartAsync(CancellationToken cancellation = default)
    {
        string archive = await OfflineImages.ArchiveAsync();
        DockerBed bed = new(await BedPlace.CreateAsync(cancellation));
        bool ready = false;
        try
        {
            await bed._containerd.StartAsync(() => Task.FromResult(File.Exists(bed._place.In("containerd.sock"))), cancellation);
            await bed.StartRuntimeAsync(cancellation);
            await bed.Docker.RunAsync(["load", "--quiet", "--input", archive], cancellation);
            ready = true;
            return bed;
        }
        finally
        {
            if (!ready)
            {
                await bed.DisposeAsync();
            }
        }
    }

    /// <summary>Runs a pod as cri-dockerd does and returns when all its containers were started.</summary>
    internal Task<RunningPod> StartPodAsync(PodRequest request) => _pods.StartAsync(request);

    /// <summary>Runs a pod of haproxy before nginx and returns when both listen.</summary>
    internal async Task<RunningPod> StartMeshPodAsync(string podNamespace, string name)
    {
        RunningPod pod = await StartPodAsync(MeshPod.Request(podNamespace, name));
        await MeshPod.UntilListeningAsync(pod.CgroupPath);
        return pod;
    }

    /// <inheritdoc cref="DockerPods.StopAsync"/>
    internal Task StopPodAsync(RunningPod pod) => _pods.StopAsync(pod);

    /// <inheritdoc cref="DockerPods.RestartContainerAsync"/>
    internal Task<RunningContainer> RestartContainerAsync(RunningPod pod, string name) => _pods.RestartContainerAsync(pod, name);

    /// <summary>Runs nginx, and haproxy in its network namespace, and returns when both listen.</summary>
    internal async Task<PlainPair> StartPlainPairAsync(string name)
    {
        RunningContainer first = await RunPlainAsync(name, "bridge", OfflineImage.Nginx);
        RunningContainer second = await RunPlainAsync($"{name}-proxy", $"container:{name}", OfflineImage.Haproxy);
        await MeshPod.UntilListeningAsync(first.CgroupPath);
        return new PlainPair(first, second, await Docker.InspectAsync(first.Id, "{{.NetworkSettings.IPAddress}}"));
    }

    /// <summary>Kills and removes both.</summary>
    internal Task StopPlainPairAsync(PlainPair pair) => Docker.RunAsync(["rm", "--force", pair.Second.Id, pair.First.Id]);

    /// <summary>Says that a container was made with <see cref="Docker"/>; its cgroup is removed with the bed.</summary>
    /// <returns>Its cgroup, relative to a hierarchy's root.</returns>
    internal string WillHaveContainer(string id)
    {
        string path = $"{CgroupParent}/{id}";
        _place.WillHaveCgroup(path);
        return path;
    }

    /// <summary>Kills dockerd as a crash does; containerd and the containers go on.</summary>
    internal Task StopRuntimeAsync() => _daemon.StopAsync(Signals.Kill);

    /// <summary>Starts dockerd, which finds the containers that went on.</summary>
    internal Task StartRuntimeAsync(CancellationToken cancellation = default) => _daemon.StartAsync(Docker.AnswersAsync, cancellation);

    /// <summary>Kills dockerd and starts it again; containers go on.</summary>
    internal async Task RestartRuntimeAsync()
    {
        await StopRuntimeAsync();
        await StartRuntimeAsync();
    }

    /// <summary>What of this bed is on the machine, a line for each thing; empty once disposed.</summary>
    internal IReadOnlyList<string> Remains() => _place.Remains();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopRuntimeAsync();
        await _containerd.StopAsync(Signals.Kill);
        await _place.RemoveAsync();
        _daemon.Dispose();
        _containerd.Dispose();
    }

    private async Task<RunningContainer> RunPlainAsync(string name, string network, string image)
    {
        string id = await Docker.RunAsync(["create", "--name", name, "--network", network, image]);
        string cgroup = WillHaveContainer(id);
        await Docker.RunAsync(["start", id]);
        return new RunningContainer(name, id, Attempt: 0, cgroup);
    }
}
