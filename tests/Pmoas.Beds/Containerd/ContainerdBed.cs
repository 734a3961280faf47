using Pmoas.Beds.Images;
using Pmoas.Beds.Place;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Containerd;

/// <summary>
/// A node's containerd with CRI, real and apart from any other of the machine: own folders, own socket, own network namespace, pods as a
/// kubelet makes them. Needs root. Leaves nothing behind once disposed.
/// </summary>
internal sealed class ContainerdBed : IAsyncDisposable
{
    private readonly BedPlace _place;
    private readonly RuntimeDaemon _daemon;
    private readonly CriPods _pods;

    private ContainerdBed(BedPlace place)
    {
        _place = place;
        _daemon = new RuntimeDaemon(place, "containerd", ["--config", place.Write("config.toml", ContainerdConfig.Toml(place.Directory, SocketPath))]);
        place.Write("cni/10-pods.conflist", ContainerdConfig.Network(place.Directory, $"{place.Name}-net", "10.222.0.0/16"));
        Cri = new CriClient(SocketPath);
        _pods = new CriPods(Cri, place, cgroupRoot: "");
    }

    /// <summary>Where containerd listens.</summary>
    internal string SocketPath => _place.In("containerd.sock");

    /// <summary>The node's network namespace: clients of the pods start here, and pods with the host's network live here.</summary>
    internal NamedNetns Network => _place.Network;

    /// <summary>Process id of containerd; it must run.</summary>
    internal int Pid => _daemon.Pid;

    /// <summary>A second look at what the runtime says.</summary>
    internal CriClient Cri { get; }

    /// <summary>Starts containerd and gives it all images.</summary>
    /// <exception cref="BedException">Not root, or it did not come up; nothing is left behind.</exception>
    internal static async Task<ContainerdBed> StartAsync(CancellationToken cancellation = default)
    {
        string archive = await OfflineImages.ArchiveAsync();
        ContainerdBed bed = new(await BedPlace.CreateAsync(cancellation));
        bool ready = false;
        try
        {
            await bed.StartRuntimeAsync(cancellation);
            await Subprocess.RunAsync("ctr", ["--address", bed.SocketPath, "--namespace", "k8s.io", "images", "import", archive], cancellation);
            await bed.Cri.UntilImagesAsync(OfflineImages.References, cancellation);
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

    /// <summary>Gives it another image: a docker-archive or an OCI layout, packed.</summary>
    /// <param name="archive">Path of the archive.</param>
    /// <param name="reference">What the runtime will call it.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task ImportAsync(string archive, string reference, CancellationToken cancellation)
    {
        await Subprocess.RunAsync("ctr", ["--address", SocketPath, "--namespace", "k8s.io", "images", "import", archive], cancellation);
        await Cri.UntilImagesAsync([reference], cancellation);
    }

    /// <summary>Runs a pod and returns when all its containers were started.</summary>
    internal Task<RunningPod> StartPodAsync(PodRequest request) => _pods.StartAsync(request);

    /// <summary>Runs a pod of haproxy before nginx and returns when both listen.</summary>
    internal async Task<RunningPod> StartMeshPodAsync(string podNamespace, string name)
    {
        RunningPod pod = await StartPodAsync(MeshPod.Request(podNamespace, name));
        await MeshPod.UntilListeningAsync(pod.CgroupPath);
        return pod;
    }

    /// <inheritdoc cref="CriPods.StopAsync"/>
    internal Task StopPodAsync(RunningPod pod) => _pods.StopAsync(pod);

    /// <inheritdoc cref="CriPods.RestartContainerAsync"/>
    internal Task<RunningContainer> RestartContainerAsync(RunningPod pod, string name) => _pods.RestartContainerAsync(pod, name);

    /// <summary>Kills containerd as a crash does; pods go on.</summary>
    internal Task StopRuntimeAsync() => _daemon.StopAsync(Signals.Kill);

    /// <summary>Starts containerd, which finds the pods that went on.</summary>
    internal Task StartRuntimeAsync(CancellationToken cancellation = default) => _daemon.StartAsync(Cri.AnswersAsync, cancellation);

    /// <summary>Kills containerd and starts it again; pods go on.</summary>
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
        Cri.Dispose();
        await StopRuntimeAsync();
        await _place.RemoveAsync();
        _daemon.Dispose();
    }
}
