using Pmoas.Beds.Cri;
using Pmoas.Beds.Place;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Containerd;

/// <summary>Does to a runtime what a kubelet does: runs pods, restarts containers, removes pods. Any thread, several pods at a time.</summary>
/// <param name="client">The runtime.</param>
/// <param name="place">Is told of the cgroups.</param>
/// <param name="cgroupRoot">The runtime's own cgroup, before the paths it knows; empty at the machine's root.</param>
internal sealed class CriPods(CriClient client, BedPlace place, string cgroupRoot)
{
    /// <summary>Runs a pod and returns when all its containers were started.</summary>
    internal async Task<RunningPod> StartAsync(PodRequest request)
    {
        string cgroupPath = cgroupRoot + request.CgroupPath;
        place.WillHaveCgroup(cgroupPath);
        PodSandboxConfig config = SandboxConfig(request);
        string id = (await client.Runtime.RunPodSandboxAsync(new RunPodSandboxRequest { Config = config })).PodSandboxId;
        PodSandboxStatusResponse status = await client.Runtime.PodSandboxStatusAsync(new PodSandboxStatusRequest { PodSandboxId = id });
        RunningPod pod = new() { Request = request, SandboxId = id, Address = status.Status.Network?.Ip ?? "", CgroupPath = cgroupPath };
        foreach (RunningContainer container in await Task.WhenAll(request.Containers.Select(container => StartContainerAsync(pod, config, container, attempt: 0))))
        {
            pod.Put(container);
        }

        return pod;
    }

    /// <summary>Kills and removes a pod with its containers and its cgroup.</summary>
    internal async Task StopAsync(RunningPod pod)
    {
        await client.Runtime.StopPodSandboxAsync(new StopPodSandboxRequest { PodSandboxId = pod.SandboxId });
        await client.Runtime.RemovePodSandboxAsync(new RemovePodSandboxRequest { PodSandboxId = pod.SandboxId });
        await PodCgroups.RemoveAsync(pod.CgroupPath);
    }

    /// <summary>
    /// Kills a container and starts its successor: same name, next attempt, another id and cgroup. As with a kubelet, the dead one stays
    /// known to the runtime, and the one before it is removed.
    /// </summary>
    internal async Task<RunningContainer> RestartContainerAsync(RunningPod pod, string name)
    {
        RunningContainer old = pod.Containers[name];
        await client.Runtime.StopContainerAsync(new StopContainerRequest { ContainerId = old.Id });
        if (old.Before is string before)
        {
            await client.Runtime.RemoveContainerAsync(new RemoveContainerRequest { ContainerId = before });
        }

        ContainerRequest request = pod.Request.Containers.First(container => container.Name == name);
        RunningContainer successor = await StartContainerAsync(pod, SandboxConfig(pod.Request), request, old.Attempt + 1) with { Before = old.Id };
        pod.Put(successor);
        return successor;
    }

    private async Task<RunningContainer> StartContainerAsync(RunningPod pod, PodSandboxConfig sandbox, ContainerRequest request, uint attempt)
    {
        ContainerConfig config = new()
        {
            Metadata = new ContainerMetadata { Name = request.Name, Attempt = attempt },
            Image = new ImageSpec { Image = request.Image },
            Command = { request.Command },
            Args = { request.Args },
            Labels = { KubeletLabels.OfContainer(pod.Request, request) },
            Annotations = { new Dictionary<string, string>(request.Annotations) { ["io.kubernetes.container.restartCount"] = $"{attempt}" } },
            Mounts = { request.Mounts.Select(mount => new Mount { ContainerPath = mount.Key, HostPath = mount.Value, Readonly = request.Rights?.ReadOnlyRoot == true }) },
            Envs = { request.Environment.Select(variable => new KeyValue { Key = variable.Key, Value = variable.Value }) },
            LogPath = pod.Request.LogFolder.Length > 0 ? $"{request.Name}.log" : "",
            Linux = Linux(pod.Request, request.Rights),
        };
        CreateContainerRequest create = new() { PodSandboxId = pod.SandboxId, Config = config, SandboxConfig = sandbox };
        string id = (await client.Runtime.CreateContainerAsync(create)).ContainerId;
        await client.Runtime.StartContainerAsync(new StartContainerRequest { ContainerId = id });
        return new RunningContainer(request.Name, id, attempt, $"{pod.CgroupPath}/{id}");
    }

    private static LinuxContainerConfig Linux(PodRequest pod, ContainerRights? rights)
    {
        LinuxContainerConfig config = new() { SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = Namespaces(pod) } };
        if (rights is not null)
        {
            config.Resources = new LinuxContainerResources { MemoryLimitInBytes = rights.MemoryBytes };
            config.SecurityContext.Capabilities = new Capability { AddCapabilities = { rights.Add }, DropCapabilities = { rights.Drop } };
            config.SecurityContext.ReadonlyRootfs = rights.ReadOnlyRoot;
            config.SecurityContext.Seccomp = new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault };
        }

        return config;
    }

    private static PodSandboxConfig SandboxConfig(PodRequest request) => new()
    {
        Metadata = new PodSandboxMetadata { Name = request.Name, Uid = request.Uid, Namespace = request.Namespace },
        LogDirectory = request.LogFolder,
        Hostname = request.HostNetwork ? "" : request.Name,
        Labels = { KubeletLabels.OfPod(request) },
        Annotations = { new Dictionary<string, string>(request.Annotations) },
        Linux = new LinuxPodSandboxConfig
        {
            CgroupParent = request.CgroupPath,
            SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = Namespaces(request) },
        },
    };

    private static NamespaceOption Namespaces(PodRequest request) => new()
    {
        Network = request.HostNetwork ? NamespaceMode.Node : NamespaceMode.Pod,
        Pid = request.HostPid ? NamespaceMode.Node : request.SharePidNamespace ? NamespaceMode.Pod : NamespaceMode.Container,
    };
}
