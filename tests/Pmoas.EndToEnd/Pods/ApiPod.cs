using k8s.Models;
using Pmoas.Beds.Pods;

namespace Pmoas.EndToEnd.Pods;

/// <summary>What an API server would say of a pod that a bed really runs: its containers have the real ids.</summary>
internal static class ApiPod
{
    public const string Node = "node-1";

    /// <summary>The pod as it runs now.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="runtime">Scheme of container ids: containerd or docker.</param>
    /// <param name="isNative">True: the sidecar is an init container with restartPolicy Always.</param>
    public static V1Pod Of(RunningPod pod, string runtime = "containerd", bool isNative = false)
    {
        List<V1Container> main = [], init = [];
        List<V1ContainerStatus> mainStatus = [], initStatus = [];
        foreach (RunningContainer container in pod.Containers.Values)
        {
            bool isInit = isNative && container.Name == MeshPod.Sidecar;
            string image = pod.Request.Containers.First(asked => asked.Name == container.Name).Image;
            (isInit ? init : main).Add(new V1Container { Name = container.Name, Image = image, RestartPolicy = isInit ? "Always" : null });
            (isInit ? initStatus : mainStatus).Add(new V1ContainerStatus
            {
                Name = container.Name,
                Image = image,
                ImageID = image,
                ContainerID = $"{runtime}://{container.Id}",
                Ready = true,
                RestartCount = (int)container.Attempt,
                State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = DateTime.UtcNow } },
            });
        }

        return new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = pod.Name,
                NamespaceProperty = pod.Namespace,
                Uid = pod.Uid,
                Labels = new Dictionary<string, string>(pod.Request.Labels),
                Annotations = new Dictionary<string, string>(pod.Request.Annotations),
                OwnerReferences = [new V1OwnerReference { ApiVersion = "apps/v1", Kind = "StatefulSet", Name = pod.Name, Uid = "1", Controller = true }],
            },
            Spec = new V1PodSpec { NodeName = Node, Containers = main, InitContainers = init.Count > 0 ? init : null },
            Status = new V1PodStatus
            {
                Phase = "Running",
                PodIP = pod.Address.Length > 0 ? pod.Address : null,
                HostIP = "10.222.0.1",
                ContainerStatuses = mainStatus,
                InitContainerStatuses = initStatus.Count > 0 ? initStatus : null,
            },
        };
    }
}
