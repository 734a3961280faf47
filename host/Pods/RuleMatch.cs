using System.IO.Enumeration;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>A role and the sentence that says why.</summary>
internal readonly record struct RoleDecision(Role Role, string Reason);

/// <summary>Decides what a container is to its pod. Pure: the same input gives the same answer.</summary>
internal static class RuleMatch
{
    /// <summary>The first rule all of whose keys match makes a sidecar; without one the way the pod runs it decides.</summary>
    /// <param name="rules">In order.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="container">One of its containers.</param>
    /// <param name="command">Path of the main process's executable; empty while no process is known, and then no <c>command</c> matches.</param>
    public static RoleDecision Decide(IReadOnlyList<SidecarRule> rules, PodSpec pod, ContainerSpec container, string command)
    {
        foreach (SidecarRule rule in rules)
        {
            if (Matches(rule, pod, container, command))
            {
                return new RoleDecision(Role.Sidecar, $"{rule.Origin}: {InWords(rule)}");
            }
        }
        return container.Kind switch
        {
            ContainerKind.Init => new RoleDecision(Role.Init, "an init container, and no rule matches"),
            ContainerKind.Ephemeral => new RoleDecision(Role.Ephemeral, "an ephemeral container, and no rule matches"),
            _ => new RoleDecision(Role.Service, "no rule matches"),
        };
    }

    /// <summary>
    /// True when every key that is set matches. A rule that goes by name, image or command alone takes no init and no ephemeral container:
    /// istio-init has the proxy's image, and a person's debug container may have it too.
    /// </summary>
    public static bool Matches(SidecarRule rule, PodSpec pod, ContainerSpec container, string command) =>
        (container.Kind is not (ContainerKind.Init or ContainerKind.Ephemeral) || rule.Kind is not null || rule.Label is not null || rule.ListedIn is not null)
        && !(rule.NeedsCompany && IsAlone(pod))
        && (rule.Namespace is null || Glob(rule.Namespace, pod.Namespace))
        && (rule.Name is null || Glob(rule.Name, container.Name))
        && (rule.Image is null || Glob(rule.Image, container.Image))
        && (rule.Label is null || Labels(pod, container).Any(label => IsLabel(rule.Label, label)))
        && (rule.Command is null || (command.Length > 0 && Glob(rule.Command, command)))
        && (rule.ListedIn is null || IsListed(rule.ListedIn, pod, container.Name))
        && (rule.Kind is null || rule.Kind == container.Kind);

    /// <summary>The keys that are set, as they stand in the file.</summary>
    public static string InWords(SidecarRule rule)
    {
        (string Key, string? Value)[] keys =
        [
            ("namespace", rule.Namespace), ("name", rule.Name), ("image", rule.Image), ("label", rule.Label), ("command", rule.Command), ("listed_in", rule.ListedIn),
            ("kind", rule.Kind is { } kind ? Config.KeyNames.SnakeCase(kind.ToString()) : null),
        ];
        return string.Join(", ", keys.Where(k => k.Value is not null).Select(k => $"{k.Key} \"{k.Value}\""));
    }

    // The matcher takes \ as an escape and an empty pattern as *: a pattern of ours means both literally.
    private static bool Glob(string pattern, string text) =>
        pattern.Length == 0
            ? text.Length == 0
            : FileSystemName.MatchesSimpleExpression(pattern.Replace(@"\", @"\\", StringComparison.Ordinal), text, ignoreCase: false);

    private static IEnumerable<KeyValuePair<string, string>> Labels(PodSpec pod, ContainerSpec container) =>
        pod.Labels.Concat(pod.Annotations).Concat(container.Labels).Concat(container.Annotations);

    // Known only when the source names every container the pod declares; else another one may just not have been seen.
    private static bool IsAlone(PodSpec pod) =>
        pod.IsComplete && pod.Containers.Count(c => c.Kind is ContainerKind.Main or ContainerKind.NativeSidecar) < 2;

    private static bool IsLabel(string wanted, KeyValuePair<string, string> label)
    {
        string[] parts = wanted.Split('=', 2);
        return label.Key == parts[0] && (parts.Length == 1 || Glob(parts[1], label.Value));
    }

    private static bool IsListed(string key, PodSpec pod, string name) =>
        pod.Labels.Concat(pod.Annotations).Any(label => label.Key == key
            && label.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Contains(name));
}
