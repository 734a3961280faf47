using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>Makes pods of what a runtime lists. Pure.</summary>
internal static class CriPods
{
    /// <summary>The pods in a lasting order: runtimes list in any.</summary>
    /// <param name="containers">All containers.</param>
    /// <param name="sandboxes">All sandboxes.</param>
    /// <param name="infos">What is known beyond that, by container id.</param>
    /// <param name="addresses">Addresses, by sandbox id.</param>
    /// <param name="cgroupPath">The cgroup's path that <see cref="CriInfo.CgroupsPath"/> means; empty when it is not known to.</param>
    public static IReadOnlyList<PodSpec> Of(
        IReadOnlyList<Container> containers, IReadOnlyList<PodSandbox> sandboxes, IReadOnlyDictionary<string, CriInfo> infos,
        IReadOnlyDictionary<string, string> addresses, Func<string, string> cgroupPath)
    {
        ILookup<string, Container> bySandbox = containers.ToLookup(container => container.PodSandboxId);
        // A pod whose sandbox died has an old and a new one.
        return
        [
            .. sandboxes.GroupBy(KeyOf)
                .OrderBy(pod => pod.Key.Namespace, StringComparer.Ordinal).ThenBy(pod => pod.Key.Name, StringComparer.Ordinal)
                .ThenBy(pod => pod.Key.Uid, StringComparer.Ordinal)
                .Select(pod => Pod([.. pod.OrderBy(s => s.State).ThenByDescending(s => s.CreatedAt).ThenBy(s => s.Id, StringComparer.Ordinal)])),
        ];

        PodSpec Pod(IReadOnlyList<PodSandbox> all)
        {
            PodSandbox now = all[0];
            IEnumerable<Container> its = all.SelectMany(sandbox => bySandbox[sandbox.Id]).OrderBy(c => c.CreatedAt).ThenBy(c => c.Id, StringComparer.Ordinal);
            return new PodSpec(
                now.Metadata?.Namespace ?? "", now.Metadata?.Name ?? "", now.Metadata?.Uid ?? "", now.Labels.AsReadOnly(), now.Annotations.AsReadOnly(),
                [.. all.Select(Pause), .. its.Select(c => Spec(c, infos.GetValueOrDefault(c.Id, CriInfo.None), cgroupPath))])
            {
                Ip = addresses.GetValueOrDefault(now.Id, ""),
            };
        }
    }

    private static ContainerSpec Pause(PodSandbox sandbox) => new("", "", "", PodSpec.NoLabels, ContainerKind.Sandbox) { Id = sandbox.Id };

    private static ContainerSpec Spec(Container container, CriInfo info, Func<string, string> cgroupPath)
    {
        string image = ImageReference.First(container.Image?.UserSpecifiedImage ?? "", container.Image?.Image ?? "", info.Image, container.ImageRef);
        bool runs = container.State == ContainerState.ContainerRunning;
        return new ContainerSpec(
            container.Metadata?.Name ?? "", image, runs ? cgroupPath(info.CgroupsPath) : "", container.Labels.AsReadOnly())
        {
            Id = container.Id,
            Annotations = container.Annotations.AsReadOnly(),
            RuntimePid = runs ? info.Pid : 0, // the number of one that ended may be another's now
        };
    }

    private static (string Namespace, string Name, string Uid) KeyOf(PodSandbox sandbox) => sandbox.Metadata is { } pod
        ? pod.Uid.Length > 0 ? ("", "", pod.Uid) : (pod.Namespace, pod.Name, "")
        : ("", "", sandbox.Id);
}
