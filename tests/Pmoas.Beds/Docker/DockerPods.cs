using Pmoas.Beds.Images;
using Pmoas.Beds.Place;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Docker;

/// <summary>Pods as cri-dockerd makes them of Docker containers: a pause container, and the others in its network namespace.</summary>
internal sealed class DockerPods(DockerCli docker, BedPlace place)
{
    private const string SandboxName = "POD";

    /// <summary>Runs a pod and returns when all its containers were started.</summary>
    internal async Task<RunningPod> StartAsync(PodRequest request)
    {
        place.WillHaveCgroup(request.CgroupPath);
        ContainerRequest pause = new() { Name = SandboxName, Image = OfflineImage.Pause };
        string network = request.HostNetwork ? "host" : "bridge";
        string sandbox = await RunAsync(request, pause, attempt: 0, network, new Dictionary<string, string> { ["io.kubernetes.docker.type"] = "podsandbox" });
        RunningPod pod = new()
        {
            Request = request,
            SandboxId = sandbox,
            Address = await docker.InspectAsync(sandbox, "{{.NetworkSettings.IPAddress}}"),
            CgroupPath = request.CgroupPath,
        };
        foreach (ContainerRequest container in request.Containers)
        {
            pod.Put(await StartContainerAsync(pod, container, attempt: 0));
        }

        return pod;
    }

    /// <summary>Kills and removes a pod with its containers and its cgroup.</summary>
    internal async Task StopAsync(RunningPod pod)
    {
        IEnumerable<string> containers = pod.Containers.Values.SelectMany(container => (string?[])[container.Id, container.Before]).OfType<string>();
        await docker.RunAsync(["rm", "--force", "--volumes", .. containers, pod.SandboxId]);
        await PodCgroups.RemoveAsync(pod.CgroupPath);
    }

    /// <summary>Kills a container and starts its successor: same name in the pod, next attempt; the dead one stays as with a kubelet.</summary>
    internal async Task<RunningContainer> RestartContainerAsync(RunningPod pod, string name)
    {
        RunningContainer old = pod.Containers[name];
        await docker.RunAsync(["kill", old.Id]);
        await docker.RunAsync(["wait", old.Id]);
        if (old.Before is string before)
        {
            await docker.RunAsync(["rm", before]);
        }

        ContainerRequest request = pod.Request.Containers.First(container => container.Name == name);
        RunningContainer successor = await StartContainerAsync(pod, request, old.Attempt + 1) with { Before = old.Id };
        pod.Put(successor);
        return successor;
    }

    private async Task<RunningContainer> StartContainerAsync(RunningPod pod, ContainerRequest request, uint attempt)
    {
        Dictionary<string, string> labels = new(pod.Request.Annotations.Select(annotation => KeyValuePair.Create($"annotation.{annotation.Key}", annotation.Value)))
        {
            ["io.kubernetes.docker.type"] = "container",
            ["io.kubernetes.sandbox.id"] = pod.SandboxId,
            ["annotation.io.kubernetes.container.restartCount"] = $"{attempt}",
        };
        string id = await RunAsync(pod.Request, request, attempt, $"container:{pod.SandboxId}", labels);
        return new RunningContainer(request.Name, id, attempt, $"{pod.CgroupPath}/{id}");
    }

    private Task<string> RunAsync(PodRequest pod, ContainerRequest request, uint attempt, string network, Dictionary<string, string> labels)
    {
        IEnumerable<KeyValuePair<string, string>> all = request.Name == SandboxName
            ? KubeletLabels.OfPod(pod).Append(KeyValuePair.Create("io.kubernetes.container.name", SandboxName)).Concat(labels)
            : KubeletLabels.OfContainer(pod, request).Concat(labels);
        return docker.RunAsync(
        [
            "run", "--detach", "--name", $"k8s_{request.Name}_{pod.Name}_{pod.Namespace}_{pod.Uid}_{attempt}",
            "--network", network, "--cgroup-parent", pod.CgroupPath,
            .. all.SelectMany(label => (string[])["--label", $"{label.Key}={label.Value}"]),
            .. request.Mounts.SelectMany(mount => (string[])["--volume", $"{mount.Value}:{mount.Key}"]),
            .. request.Command.Count > 0 ? (string[])["--entrypoint", request.Command[0]] : [],
            request.Image, .. request.Command.Skip(1), .. request.Args,
        ]);
    }
}
