using System.Globalization;
using System.Security.Cryptography;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Images;
using Pmoas.Beds.Place;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Nested;

/// <summary>
/// A node in a container, as kind and minikube run theirs: a container with its own PID and mount namespaces and its own cgroup, and in it a
/// second containerd that runs pods. Its socket is reachable only through <c>/proc/PID/root</c>, and the process ids it tells are those of
/// the node. Needs root. Leaves nothing behind once disposed.
/// </summary>
internal sealed class NestedBed : IAsyncDisposable
{
    private const string Folder = "/node";
    private const string SocketInside = "/run/containerd/containerd.sock";
    private readonly BedPlace _place;
    private CriPods? _pods;
    private int _init;

    private NestedBed(BedPlace place)
    {
        _place = place;
        ContainerId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
    }

    /// <summary>Id of the container that is the node.</summary>
    internal string ContainerId { get; }

    /// <summary>Cgroup of the node, relative to a hierarchy's root; those of its pods are under it.</summary>
    internal string CgroupPath => $"/docker/{ContainerId}";

    /// <summary>The node's network namespace: clients of the pods start here.</summary>
    internal NamedNetns Network => _place.Network;

    /// <summary>The inner containerd's process id on the machine; another after <see cref="RestartRuntimeAsync"/>.</summary>
    internal int RuntimePid { get; private set; }

    /// <summary>The inner containerd's socket as the machine reaches it; another after <see cref="RestartRuntimeAsync"/>.</summary>
    internal string SocketPath => $"/proc/{RuntimePid}/root{SocketInside}";

    /// <summary>A second look at what the inner runtime says.</summary>
    internal CriClient Cri { get; private set; } = null!;

    /// <summary>Starts the node with its containerd and gives that all images.</summary>
    /// <exception cref="BedException">Not root, or it did not come up; nothing is left behind.</exception>
    internal static async Task<NestedBed> StartAsync(CancellationToken cancellation = default)
    {
        string archive = await OfflineImages.ArchiveAsync();
        NestedBed bed = new(await BedPlace.CreateAsync(cancellation));
        bool ready = false;
        try
        {
            await bed.StartNodeAsync(cancellation);
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

    /// <summary>Runs a pod and returns when all its containers were started.</summary>
    internal Task<RunningPod> StartPodAsync(PodRequest request) => _pods!.StartAsync(request);

    /// <summary>Runs a pod of haproxy before nginx and returns when both listen.</summary>
    internal async Task<RunningPod> StartMeshPodAsync(string podNamespace, string name)
    {
        RunningPod pod = await StartPodAsync(MeshPod.Request(podNamespace, name));
        await MeshPod.UntilListeningAsync(pod.CgroupPath);
        return pod;
    }

    /// <inheritdoc cref="CriPods.StopAsync"/>
    internal Task StopPodAsync(RunningPod pod) => _pods!.StopAsync(pod);

    /// <inheritdoc cref="CriPods.RestartContainerAsync"/>
    internal Task<RunningContainer> RestartContainerAsync(RunningPod pod, string name) => _pods!.RestartContainerAsync(pod, name);

    /// <summary>Kills the inner containerd, which the node's process 1 starts again; pods go on.</summary>
    internal async Task RestartRuntimeAsync()
    {
        int old = RuntimePid;
        _ = Signals.Send(old, Signals.Kill);
        await UntilRuntimeAnswersAsync(not: old, CancellationToken.None);
    }

    /// <summary>What of this bed is on the machine, a line for each thing; empty once disposed.</summary>
    internal IReadOnlyList<string> Remains() => _place.Remains();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Cri?.Dispose();
        await _place.RemoveAsync();
    }

    private async Task StartNodeAsync(CancellationToken cancellation)
    {
        string socketFolder = Path.GetDirectoryName(SocketInside)!;
        _place.WillHaveCgroup(CgroupPath);
        _place.Write("node/config.toml", ContainerdConfig.Toml(Folder, SocketInside));
        _place.Write("node/cni/10-pods.conflist", ContainerdConfig.Network(Folder, "pods", "10.224.0.0/16"));

        // The machine's programs are the node's, and what it writes goes to memory.
        foreach (string folder in (string[])["bundle/rootfs", "upper", "work"])
        {
            Directory.CreateDirectory(_place.In(folder));
        }

        string layers = $"lowerdir=/,upperdir={_place.In("upper")},workdir={_place.In("work")}";
        await Subprocess.RunAsync("mount", ["-t", "overlay", "overlay", "-o", layers, _place.In("bundle/rootfs")], cancellation);

        // Process 1 has more to do than to start containerd: shims are left to it, and it reaps them.
        string init = $"mkdir -p {socketFolder}; while :; do containerd --config {Folder}/config.toml >>{Folder}/containerd.log 2>&1 </dev/null; done";
        _place.Write("bundle/config.json", NodeSpec.Json(["/bin/sh", "-c", init], CgroupPath, Network.FilePath, _place.In("node"), Folder));
        string pidFile = _place.In("node.pid");
        string script = $"exec runc --root {_place.In("runc")} run --detach --pid-file {pidFile} --bundle {_place.In("bundle")} {ContainerId} </dev/null >{_place.In("runc.log")} 2>&1";
        await RunLoggedAsync(script, cancellation);
        _init = int.Parse(await File.ReadAllTextAsync(pidFile, cancellation), CultureInfo.InvariantCulture);
        Cri = new CriClient($"/proc/{_init}/root{SocketInside}");
        _pods = new CriPods(Cri, _place, CgroupPath);
        await UntilRuntimeAnswersAsync(not: 0, cancellation);
    }

    /// <summary>runc hands its output to the container it leaves running, so that output must not be a pipe somebody reads to its end.</summary>
    private async Task RunLoggedAsync(string script, CancellationToken cancellation)
    {
        try
        {
            await Subprocess.RunAsync("sh", ["-c", script], cancellation);
        }
        catch (DemoException exception)
        {
            throw new BedException($"The node's container does not start ({exception.Message}); runc wrote: {await File.ReadAllTextAsync(_place.In("runc.log"), cancellation)}");
        }
    }

    private async Task UntilRuntimeAnswersAsync(int not, CancellationToken cancellation)
    {
        const int Attempts = 1000;
        for (int attempt = 0; ; attempt++)
        {
            RuntimePid = PodCgroups.Processes(CgroupPath).FirstOrDefault(pid => pid != not && IsContainerd(pid));
            if (RuntimePid > 0 && await Cri.AnswersAsync())
            {
                return;
            }

            if (attempt == Attempts)
            {
                string log = _place.In("node/containerd.log");
                throw new BedException($"The node's containerd does not answer; its last words: {(File.Exists(log) ? string.Join(" | ", File.ReadLines(log).TakeLast(8)) : "none")}");
            }

            await Task.Delay(10, cancellation);
        }
    }

    private static bool IsContainerd(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim() == "containerd";
        }
        catch (IOException)
        {
            // It ended.
            return false;
        }
    }
}
