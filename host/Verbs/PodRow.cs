using Pmoas.Host.Live;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Verbs;

/// <summary>A container as <c>pmoas pods</c> shows it; what is not known is null or empty.</summary>
/// <param name="Namespace">Namespace of its pod.</param>
/// <param name="Pod">Name of its pod.</param>
/// <param name="Container">Its name.</param>
/// <param name="Role">What it is to its pod; null while it does not run.</param>
/// <param name="Image">Image as the user wrote it.</param>
/// <param name="Pid">Its main process.</param>
/// <param name="NestedPids">The same process as each pid namespace below this one numbers it, the outermost first.</param>
/// <param name="Kind">How the pod runs it.</param>
/// <param name="Why">What decided the role, or why it does not run.</param>
/// <param name="Id">The runtime's id.</param>
/// <param name="Cgroup">Path of its cgroup.</param>
/// <param name="PodUid">UID of the pod.</param>
/// <param name="PodIp">Address of the pod.</param>
/// <param name="HostIp">Address of the node.</param>
/// <param name="Owner">The workload that made the pod.</param>
/// <param name="Sources">Who told of the pod, the most believed first.</param>
internal sealed record PodRow(
    string Namespace, string Pod, string Container, string? Role, string Image, int? Pid, IReadOnlyList<int>? NestedPids, string Kind, string Why,
    string Id, string Cgroup, string PodUid, string PodIp, string HostIp, string Owner, IReadOnlyList<string> Sources)
{
    /// <summary>Every container of every pod, in order of namespace, pod and how the pod declares them.</summary>
    public static IEnumerable<PodRow> All(PodDirectory pods)
    {
        var running = pods.All.GroupBy(c => c.CgroupPath).ToDictionary(same => same.Key, same => same.First());
        IReadOnlyDictionary<uint, int> mains = pods.MainProcesses();
        HashSet<uint> shown = [];
        foreach (PodSpec pod in pods.Pods.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal))
        {
            HashSet<string> runs = [.. pod.Containers.Where(spec => running.ContainsKey(spec.CgroupPath)).Select(spec => spec.Name)];
            foreach (ContainerSpec spec in pod.Containers)
            {
                Container? container = running.GetValueOrDefault(spec.CgroupPath);
                // One that was started again is shown as it runs, not also as it ended.
                if (container is not null ? shown.Add(container.Id) : spec.Name.Length > 0 && runs.Add(spec.Name))
                {
                    yield return Of(pod, spec, container, container is null ? 0 : mains.GetValueOrDefault(container.Id));
                }
            }
        }
        // Named by a source that has forgotten the name since.
        foreach (Container container in pods.All.Where(c => !shown.Contains(c.Id)))
        {
            yield return Of(container, mains.GetValueOrDefault(container.Id));
        }
    }

    /// <summary>A container that runs, by what is known of it alone.</summary>
    public static PodRow Of(Container container, int main) => new(
        container.Namespace, container.Pod, container.Name, RoleText.Of(container.Role), container.Image, main > 0 ? main : null, Nested(main), "",
        container.RoleReason, "", container.CgroupPath, "", "", "", "", []);

    private static PodRow Of(PodSpec pod, ContainerSpec spec, Container? container, int main) => new(
        container?.Namespace ?? pod.Namespace, container?.Pod ?? pod.Name, container?.Name ?? spec.Name,
        container is null ? null : RoleText.Of(container.Role), spec.Image, main > 0 ? main : null, Nested(main),
        Config.KeyNames.SnakeCase(spec.Kind.ToString()),
        container?.RoleReason ?? (spec.CgroupPath.Length > 0 ? "its cgroup does not exist" : "it does not run"),
        spec.Id, spec.CgroupPath, pod.Uid, pod.Ip, pod.HostIp, pod.Owner, pod.Sources);

    private static IReadOnlyList<int>? Nested(int main) => main > 0 && Pmoas.Host.Pods.NestedPids.Of(main) is [_, _, ..] all ? [.. all.Skip(1)] : null;
}
