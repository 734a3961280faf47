using Pmoas.Host.Daemon;
using Pmoas.Host.Live;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Verbs;

/// <summary>What <c>pmoas monitor</c> watches, told before it begins: who told of the pods, the pod, its containers, which is the sidecar and why.</summary>
internal sealed class MonitorTarget(LiveFilter filter, PodLabel? label)
{
    private const int ShownNames = 20;
    private const int ShownProcesses = 8;

    /// <summary>Which events are wanted.</summary>
    public LiveFilter Filter => filter;

    private bool IsNamed => filter.Pod is not null || label is not null;

    /// <summary>Tells it, one <c>[PREFLIGHT]</c> line a fact; what was asked for and is not there is told on standard error.</summary>
    /// <returns>False when what was asked for is not there.</returns>
    public bool Tell(NodeWatch node, TextWriter say)
    {
        foreach (SourceStatus source in node.Sources.Statuses)
        {
            string about = source.About.Length > 0 ? $" ({source.About})" : "";
            string state = source.Problem.Length > 0 ? source.Problem : $"{source.Pods} pods";
            say.WriteLine($"[PREFLIGHT] source {source.Name}: {source.Endpoint}{about}: {state}");
        }

        if (node.Sources.Statuses.FirstOrDefault(source => source is { IsWanted: true, IsUp: false }) is { Problem.Length: > 0 } failed)
        {
            Console.Error.WriteLine($"pmoas: source {failed.Name} at {failed.Endpoint} does not tell pods: {failed.Problem}");
            return false;
        }

        Container[] wanted = [.. node.Pods.All.Where(filter.Wants)];
        var pods = wanted.GroupBy(container => (container.Namespace, container.Pod)).ToList();
        if (IsNamed && pods.Count == 0)
        {
            Console.Error.WriteLine($"pmoas: {Missing(node.Pods)}");
            return false;
        }

        if (filter.Pod is not null && filter.Namespace is null && pods.Count > 1)
        {
            Console.Error.WriteLine(
                $"pmoas: {pods.Count} pods are called {filter.Pod}: choose one with --namespace {string.Join(" or ", pods.Select(pod => pod.Key.Namespace))}.");
            return false;
        }

        foreach (IGrouping<(string Namespace, string Pod), Container> pod in IsNamed ? pods : [])
        {
            Tell(node.Pods, pod.Key, [.. pod], say);
        }

        return true;
    }

    /// <summary>The containers there are, by name; the first few where they are many.</summary>
    public static string Known(IReadOnlyCollection<Container> all)
    {
        if (all.Count == 0)
        {
            return "none, because no container runs that a source tells of";
        }

        string[] names = [.. all.Select(one => $"{one.Namespace}/{one.Pod}/{one.Name}").Order(StringComparer.Ordinal)];
        return string.Join(", ", names.Take(ShownNames)) + (names.Length > ShownNames ? $" and {names.Length - ShownNames} more" : "");
    }

    private static void Tell(PodDirectory directory, (string Namespace, string Pod) name, Container[] containers, TextWriter say)
    {
        PodSpec? pod = directory.Pods.FirstOrDefault(p => (p.Namespace, p.Name) == name);
        (string Name, string Value)[] facts =
        [
            ("uid", pod?.Uid ?? ""), ("ip", pod?.Ip ?? ""), ("host ip", pod?.HostIp ?? ""), ("owner", pod?.Owner ?? ""),
            ("told by", string.Join(", ", pod?.Sources ?? [])),
        ];
        string known = string.Join(", ", facts.Where(fact => fact.Value.Length > 0).Select(fact => $"{fact.Name} {fact.Value}"));
        say.WriteLine($"[PREFLIGHT] pod {name.Namespace}/{name.Pod}: {(known.Length > 0 ? known : "nothing more is known of it")}");
        foreach (Container container in containers)
        {
            string image = container.Image.Length > 0 ? $", image {container.Image}" : "";
            say.WriteLine(
                $"[PREFLIGHT] container {container.Name}: {RoleText.Of(container.Role)} ({container.RoleReason}){image}, {Processes(directory.ProcessesOf(container))}");
        }

        if (containers.All(container => container.Role != Role.Sidecar))
        {
            say.WriteLine("[PREFLIGHT] no container of this pod is a sidecar: write a [[sidecars]] rule, or label the pod; pmoas pods --explain says what decided each role");
        }
    }

    /// <summary>Each process by its numbers, from this machine's to the container's own.</summary>
    private static string Processes(IReadOnlyList<int> processes)
    {
        string shown = string.Join(", ", processes.Take(ShownProcesses).Select(pid => string.Join(" → ", NestedPids.Of(pid))));
        return processes.Count switch
        {
            0 => "no process yet",
            1 => $"process {shown}",
            _ => $"{processes.Count} processes: {shown}{(processes.Count > ShownProcesses ? ", …" : "")}",
        };
    }

    private string Missing(PodDirectory directory)
    {
        string wanted = string.Join(", ", new[]
        {
            filter.Pod is null ? "" : $"called {filter.Pod}", label is null ? "" : $"with label {label}",
            filter.Namespace is null ? "" : $"in namespace {filter.Namespace}", filter.Container is null ? "" : $"with a container {filter.Container}",
        }.Where(part => part.Length > 0));
        PodSpec? declared = directory.Pods.FirstOrDefault(pod =>
            (filter.Pod is null || pod.Name == filter.Pod) && (filter.Namespace is null || pod.Namespace == filter.Namespace) && label?.Matches(pod) != false);
        return declared is not null
            ? $"the pod {declared.Namespace}/{declared.Name} is known, but none of its containers runs on this node that fits: pmoas pods shows them."
            : $"no pod {wanted} runs on this node; known now: {Known(directory.All)}.";
    }
}
