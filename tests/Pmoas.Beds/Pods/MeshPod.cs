using Pmoas.Beds.Images;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Pods;

/// <summary>The pod every bed can run: a real proxy as the sidecar before a real service, a new inside connection for each request.</summary>
internal static class MeshPod
{
    /// <summary>Container name of the sidecar: haproxy.</summary>
    internal const string Sidecar = "proxy";

    /// <summary>Container name of the service: nginx.</summary>
    internal const string Service = "app";

    private static readonly TimeSpan ListensWithin = TimeSpan.FromSeconds(10);

    /// <summary>The pod to ask a runtime for.</summary>
    internal static PodRequest Request(string podNamespace, string name) => new()
    {
        Namespace = podNamespace,
        Name = name,
        Labels = new Dictionary<string, string> { ["app"] = name },
        Containers =
        [
            new ContainerRequest { Name = Service, Image = OfflineImage.Nginx },
            new ContainerRequest { Name = Sidecar, Image = OfflineImage.Haproxy },
        ],
    };

    /// <summary>Returns when both ports of the pod have a listener.</summary>
    /// <exception cref="BedException">They have none in time.</exception>
    internal static async Task UntilListeningAsync(string cgroupPath)
    {
        DateTime deadline = DateTime.UtcNow + ListensWithin;
        while (!Ports(cgroupPath).ToHashSet().IsSupersetOf([ImageCatalog.SidecarPort, ImageCatalog.ServicePort]))
        {
            if (DateTime.UtcNow > deadline)
            {
                throw new BedException($"Pod {cgroupPath} does not listen on {ImageCatalog.SidecarPort} and {ImageCatalog.ServicePort} after {ListensWithin.TotalSeconds} s: run its programs by hand.");
            }

            await Task.Delay(2);
        }
    }

    private static List<int> Ports(string cgroupPath)
    {
        try
        {
            // Any process of the pod shows the sockets of its network namespace.
            return PodCgroups.Processes(cgroupPath) is [int pid, ..] ? [.. ListeningPorts.Parse(File.ReadLines($"/proc/{pid}/net/tcp"))] : [];
        }
        catch (IOException)
        {
            // It ended between the two looks.
            return [];
        }
    }
}
