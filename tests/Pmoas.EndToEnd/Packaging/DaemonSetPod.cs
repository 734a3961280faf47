using k8s.Models;
using Pmoas.Beds.Pods;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>What the kubelet of a node would ask its runtime for, for a pod of the DaemonSet.</summary>
internal static class DaemonSetPod
{
    /// <summary>The pod.</summary>
    /// <param name="manifests">The DaemonSet.</param>
    /// <param name="config">Folder that stands for the ConfigMap.</param>
    /// <param name="logs">Where the runtime writes what it prints.</param>
    /// <param name="image">As the runtime calls it.</param>
    /// <param name="arguments">Instead of the DaemonSet's.</param>
    public static PodRequest Request(Manifests manifests, string config, string logs, string image, params string[] arguments)
    {
        V1PodTemplateSpec template = manifests.DaemonSet.Spec.Template;
        V1Container container = manifests.Container;
        V1SecurityContext rights = container.SecurityContext;
        Assert.Equal("RuntimeDefault", rights.SeccompProfile.Type);
        return new PodRequest
        {
            Namespace = manifests.DaemonSet.Metadata.NamespaceProperty,
            Name = $"{manifests.DaemonSet.Metadata.Name}-{(arguments.Length > 0 ? arguments[0] : "x7k2p")}",
            Labels = new Dictionary<string, string>(template.Metadata.Labels),
            HostPid = template.Spec.HostPID == true,
            LogFolder = logs,
            Containers =
            [
                new ContainerRequest
                {
                    Name = container.Name,
                    Image = image,
                    Args = arguments.Length > 0 ? arguments : [.. container.Args],
                    Environment = container.Env.ToDictionary(variable => variable.Name, variable => variable.Value ?? "node-1"),
                    Mounts = container.VolumeMounts.ToDictionary(mount => mount.MountPath, mount => Source(template.Spec, mount, config)),
                    Rights = new ContainerRights(
                        rights.Capabilities.Add, rights.Capabilities.Drop, rights.ReadOnlyRootFilesystem == true, container.Resources.Limits["memory"].ToInt64()),
                },
            ],
        };
    }

    private static string Source(V1PodSpec pod, V1VolumeMount mount, string config)
    {
        Assert.True(mount.ReadOnlyProperty, $"{mount.MountPath} is writable");
        V1Volume volume = pod.Volumes.Single(volume => volume.Name == mount.Name);
        return volume.ConfigMap is null ? volume.HostPath.Path : config;
    }
}
