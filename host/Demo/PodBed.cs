namespace Pmoas.Host.Demo;

/// <summary>
/// A real pod without a cluster: a network namespace, a cgroup for each container, a real proxy as the sidecar, a real service,
/// and a network namespace outside it, joined by veth, from which the load comes. Needs root. Leaves nothing behind once disposed.
/// </summary>
internal sealed class PodBed : IAsyncDisposable
{
    /// <summary>Kubernetes namespace the pod is declared in.</summary>
    internal const string PodNamespace = "demo";

    /// <summary>Container name of the sidecar.</summary>
    internal const string SidecarName = "proxy";

    /// <summary>Container name of the service.</summary>
    internal const string ServiceName = "app";

    private static readonly TimeSpan ReadyWithin = Patience.Of(TimeSpan.FromSeconds(10));
    private static readonly TimeSpan StopPatience = TimeSpan.FromMilliseconds(500);
    private static int s_beds;

    private readonly List<BedContainer> _containers = [];

    private PodBed(BedPlan plan)
    {
        Plan = plan;
    }

    /// <summary>Names, addresses, directory.</summary>
    internal BedPlan Plan { get; }

    /// <summary>Name of the pod.</summary>
    internal string Name => Plan.Name;

    /// <summary>The pod's network namespace.</summary>
    internal NamedNetns PodNetns => BedRemains.PodNetns(Name);

    /// <summary>The network namespace load comes from.</summary>
    internal NamedNetns ClientNetns => BedRemains.ClientNetns(Name);

    /// <summary>The sidecar as the client reaches it.</summary>
    internal Uri SidecarUrl => Plan.SidecarUrl;

    /// <summary>The service as the client reaches it, past the sidecar.</summary>
    internal Uri ServiceUrl => Plan.ServiceUrl;

    /// <summary>The proxy.</summary>
    internal BedContainer Sidecar => _containers[1];

    /// <summary>What it stands before.</summary>
    internal BedContainer Service => _containers[0];

    /// <summary>Builds the pod and returns when both containers listen.</summary>
    /// <exception cref="DemoException">Not root, a program is missing, or a container did not come up; nothing is left behind.</exception>
    internal static async Task<PodBed> StartAsync(PodBedOptions options, CancellationToken cancellation = default)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new DemoException("The demo pod needs root for network namespaces and cgroups: run it with sudo.");
        }

        await BedRemains.RemoveStaleAsync(options.Prefix);
        int number = Interlocked.Increment(ref s_beds);
        string name = $"{options.Prefix}-{Environment.ProcessId}-{number}";
        PodBed bed = new(new BedPlan(name, ((Environment.ProcessId + number) % 254) + 1, options));
        bool ready = false;
        try
        {
            // In a container the next run often has the same process id, so this very name may be a crashed run's.
            await BedRemains.RemoveAsync(name);
            Directory.CreateDirectory(bed.Plan.Directory);
            await bed.ConnectNetworkAsync(cancellation);
            bed.StartContainer(ServiceName, options.Service);
            bed.StartContainer(SidecarName, options.Sidecar);
            await bed.WaitUntilListeningAsync(cancellation);
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

    /// <summary>The lines of pmoas.toml that declare this pod, say which container is the sidecar, and leave out what else runs on the machine.</summary>
    /// <param name="withCgroups">Look at the machine's cgroups all the same, as a daemon on a node does.</param>
    internal string StaticPodToml(bool withCgroups = false)
    {
        string containers = string.Join(
            ", ", _containers.Select(c => $"{{ name = \"{c.Name}\", cgroup = \"{c.CgroupPath}\", image = \"{c.Image}\", labels = {{}} }}"));
        return $"""
            [[sidecars]]
            name = "{SidecarName}"

            [[sources.static.pods]]
            namespace = "{PodNamespace}"
            name = "{Name}"
            containers = [ {containers} ]

            [sources]
            kubernetes.enabled = false
            cri.enabled = false
            docker.enabled = false
            cgroupfs.enabled = {(withCgroups ? "true" : "false")}

            """;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_containers.Select(container => container.StopAsync(StopPatience)));
        await BedRemains.RemoveAsync(Name);
        foreach (BedContainer container in _containers)
        {
            await container.ReapAsync();
            container.Dispose();
        }

        _containers.Clear();
    }

    private async Task ConnectNetworkAsync(CancellationToken cancellation)
    {
        await PodNetns.CreateAsync(cancellation);
        await ClientNetns.CreateAsync(cancellation);
        await Subprocess.RunAsync(
            "ip", ["link", "add", "eth0", "netns", PodNetns.Name, "type", "veth", "peer", "name", "eth0", "netns", ClientNetns.Name], cancellation);
        await GiveAddressAsync(PodNetns, Plan.PodIPv4, Plan.PodIPv6, cancellation);
        await GiveAddressAsync(ClientNetns, Plan.ClientIPv4, Plan.ClientIPv6, cancellation);
    }

    private async Task GiveAddressAsync(NamedNetns network, string address4, string address6, CancellationToken cancellation)
    {
        await network.IpAsync(cancellation, "link", "set", "eth0", "up");
        await network.IpAsync(cancellation, "address", "add", $"{address4}/24", "dev", "eth0");
        if (Plan.UsesIPv6)
        {
            // nodad: without it the address may not be used for a second.
            await network.IpAsync(cancellation, "address", "add", $"{address6}/64", "dev", "eth0", "nodad");
        }
    }

    private void StartContainer(string name, ContainerProgram program)
    {
        string pod = BedRemains.CgroupPath(Name);
        string path = $"{pod}/{name}";
        ContainerCommand command = program(Plan);
        PodCgroups.Create(pod, path);
        _containers.Add(BedContainer.Start(name, command, PodNetns, path, Plan.Directory));
    }

    private Task<bool> WaitUntilListeningAsync(CancellationToken cancellation) => PodNetns.RunAsync(() =>
    {
        DateTime deadline = DateTime.UtcNow + ReadyWithin;
        while (!ListeningPorts.OfThisThread().IsSupersetOf([BedPlan.SidecarPort, BedPlan.ServicePort]))
        {
            cancellation.ThrowIfCancellationRequested();
            _containers.ForEach(container => container.ThrowIfEnded());
            if (DateTime.UtcNow > deadline)
            {
                string logs = string.Join("; ", _containers.Select(container => $"{container.Name} wrote: {container.LogTail()}"));
                throw new DemoException($"The pod does not listen on ports {BedPlan.SidecarPort} and {BedPlan.ServicePort} after {ReadyWithin.TotalSeconds} s; {logs}");
            }

            Thread.Sleep(2);
        }

        return true;
    });
}
