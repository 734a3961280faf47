using System.Net;
using System.Net.Sockets;
using Pmoas.Beds.Containerd;
using Pmoas.Beds.Docker;
using Pmoas.Beds.Images;
using Pmoas.Beds.Nested;
using Pmoas.Beds.Place;
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
            int first = Assert.Single(service.Processes, pid => NamespacedIds(pid) == $"{pid}\t{told}\t1");
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

    [Fact]
    public async Task a_short_pod_makes_exactly_the_connections_it_was_told_to_make()
    {
        ContainerdBed bed = await ContainerdBed.StartAsync();
        await using (bed)
        {
            using Socket listener = await bed.Network.RunAsync(Listen);
            PodRequest request = new()
            {
                Namespace = "churn",
                Name = "short",
                HostNetwork = true,
                Containers =
                [
                    new ContainerRequest { Name = "client", Image = OfflineImage.Client, Args = ["127.0.0.1", $"{((IPEndPoint)listener.LocalEndPoint!).Port}", "3"] },
                ],
            };
            RunningPod pod = await bed.StartPodAsync(request);
            for (int connection = 0; connection < 3; connection++)
            {
                using Socket accepted = await listener.AcceptAsync();
                Assert.Equal(1, await accepted.ReceiveAsync(new byte[16]));
            }

            Assert.Equal(0, await bed.Cri.UntilExitedAsync(pod.Containers["client"].Id));
            Assert.False(listener.Poll(0, SelectMode.SelectRead));
            await bed.StopPodAsync(pod);
        }

        Assert.Empty(bed.Remains());
    }

    [Fact]
    public async Task what_a_crashed_process_left_is_removed_by_the_next_bed()
    {
        // No process has this id: it is above what the kernel gives.
        BedTraces crashed = new("pmoas-bed-999999999-1");
        Directory.CreateDirectory(crashed.Directory);
        Mounts.MountMemory(crashed.Directory);
        await crashed.Network.CreateAsync(CancellationToken.None);
        string cgroup = $"/{crashed.Name}";
        crashed.AddCgroup(cgroup);
        PodCgroups.Create(cgroup, $"{cgroup}/container");
        Assert.Equal(3 + PodCgroups.Roots.Count, crashed.Remains().Count);

        BedPlace place = await BedPlace.CreateAsync(CancellationToken.None);
        await place.RemoveAsync();

        Assert.Empty(crashed.Remains());
        Assert.Empty(place.Remains());
    }

    private static Socket Listen()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    /// <summary>A process's ids from the machine's to the innermost namespace's, as the kernel writes them.</summary>
    private static string NamespacedIds(int pid)
    {
        const string Field = "NSpid:\t";
        return File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(Field, StringComparison.Ordinal))[Field.Length..];
    }
}
