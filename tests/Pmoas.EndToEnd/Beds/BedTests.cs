using Pmoas.Beds.Containerd;
using Pmoas.Beds.Docker;
using Pmoas.Beds.Nested;
using Pmoas.Beds.Pods;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Beds;

/// <summary>The beds with real container runtimes do what the other tests take for granted, and leave nothing behind.</summary>
public sealed class BedTests
{
    private const int Requests = 20;

    [Fact]
    public async Task a_containerd_pod_answers_through_its_sidecar_and_all_is_gone_in_the_end()
    {
        ContainerdBed bed = await ContainerdBed.StartAsync();
        await using (bed)
        {
            RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);

            RunningContainer old = pod.Containers[MeshPod.Sidecar];
            RunningContainer restarted = await bed.RestartContainerAsync(pod, MeshPod.Sidecar);
            Assert.Equal((old.Name, 1u), (restarted.Name, restarted.Attempt));
            Assert.Empty(old.Processes);
            await MeshPod.UntilListeningAsync(pod.CgroupPath);
            await bed.RestartRuntimeAsync();
            Assert.Contains(await bed.Cri.PidAsync(restarted.Id), restarted.Processes);
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);

            RunningPod other = await bed.StartMeshPodAsync("shop", "cart-2");
            await bed.StopPodAsync(pod);
            Assert.DoesNotContain(PodCgroups.Directories(pod.CgroupPath), Directory.Exists);
            Assert.Equal(2, other.Containers.Count);
            Assert.NotEmpty(bed.Remains());
        }

        Assert.Empty(bed.Remains());
    }

    [Fact]
    public async Task a_docker_pod_answers_through_its_sidecar_and_all_is_gone_in_the_end()
    {
        DockerBed bed = await DockerBed.StartAsync();
        await using (bed)
        {
            RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);
            Assert.Equal($"/k8s_POD_cart_shop_{pod.Uid}_0", await bed.Docker.InspectAsync(pod.SandboxId, "{{.Name}}"));

            RunningContainer restarted = await bed.RestartContainerAsync(pod, MeshPod.Sidecar);
            Assert.Equal($"/k8s_proxy_cart_shop_{pod.Uid}_1", await bed.Docker.InspectAsync(restarted.Id, "{{.Name}}"));
            await MeshPod.UntilListeningAsync(pod.CgroupPath);
            await bed.RestartRuntimeAsync();
            Assert.Equal("true", await bed.Docker.InspectAsync(restarted.Id, "{{.State.Running}}"));
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);

            PlainPair pair = await bed.StartPlainPairAsync("web");
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pair.SidecarUrl, Requests, keepAlive: false)).Requests);
            Assert.NotEmpty(pair.First.Processes);
            await bed.StopPodAsync(pod);
            Assert.DoesNotContain(PodCgroups.Directories(pod.CgroupPath), Directory.Exists);
        }

        Assert.Empty(bed.Remains());
    }

    [Fact]
    public async Task a_pod_of_a_nested_node_answers_through_its_sidecar_and_all_is_gone_in_the_end()
    {
        NestedBed bed = await NestedBed.StartAsync();
        await using (bed)
        {
            RunningPod pod = await bed.StartMeshPodAsync("shop", "cart");
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);

            // Three process ids: the machine's, the node's, which is what the runtime tells, and 1 in the container.
            RunningContainer service = pod.Containers[MeshPod.Service];
            int told = await bed.Cri.PidAsync(service.Id);
            int first = service.Processes.Min();
            string ids = File.ReadLines($"/proc/{first}/status").First(line => line.StartsWith("NSpid:", StringComparison.Ordinal));
            Assert.Equal($"NSpid:\t{first}\t{told}\t1", ids);
            Assert.All(File.ReadLines($"/proc/{first}/cgroup"), line => Assert.EndsWith(service.CgroupPath, line, StringComparison.Ordinal));

            await bed.RestartRuntimeAsync();
            Assert.True(File.Exists(bed.SocketPath));
            RunningContainer restarted = await bed.RestartContainerAsync(pod, MeshPod.Sidecar);
            await MeshPod.UntilListeningAsync(pod.CgroupPath);
            Assert.Equal(1u, restarted.Attempt);
            Assert.Equal(Requests, (await ExactClient.RunAsync(bed.Network, pod.SidecarUrl, Requests, keepAlive: false)).Requests);
        }

        Assert.Empty(bed.Remains());
    }
}
