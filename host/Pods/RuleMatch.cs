using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>A role and the sentence that says why.</summary>
internal readonly record struct RoleDecision(Role Role, string Reason);

/// <summary>Decides what a container is to its pod. Pure: the same input gives the same answer.</summary>
internal static class RuleMatch
{
    /// <summary>What <c>listed_in</c>'s label says on a container that is a sidecar itself.</summary>
    private const string Itself = "true";

    /// <summary>The first rule all of whose keys match makes a sidecar; without one the way the pod runs it decides.</summary>
    /// <param name="rules">In order.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="container">One of its containers.</param>
    /// <param name="command">Path of the main process's executable; empty while no process is known, and then no <c>command</c> matches.</param>
    public static RoleDecision Decide(IReadOnlyList<SidecarRule> rules, PodSpec pod, ContainerSpec container, string command)
    {
        SidecarRule? lacksCompany = null;
        foreach (SidecarRule rule in rules)
        {
            if (!Describes(rule, pod, container, command))
            {
                continue;
            }
            if (!(rule.NeedsCompany && IsAlone(pod, container)))
            {
                return new RoleDecision(Role.Sidecar, $"{rule.Origin}: {InWords(rule)}");
            }
            lacksCompany ??= rule;
        }
        return container.Kind switch
        {
            ContainerKind.Init => new RoleDecision(Role.Init, "an init container, and no rule matches"),
            ContainerKind.Ephemeral => new RoleDecision(Role.Ephemeral, "an ephemeral container, and no rule matches"),
            _ when lacksCompany is not null => new RoleDecision(Role.Service, $"the pod's only main container, and {lacksCompany.Origin} needs company"),
            _ => new RoleDecision(Role.Service, "no rule matches"),
        };
    }

    /// <summary>
    /// True when every key that is set matches. A rule that goes by namespace, name, image, command or a label of the pod takes no init and
    /// no ephemeral container: istio-init has the proxy's image, and a person's debug container may have it too.
    /// </summary>
    public static bool Matches(SidecarRule rule, PodSpec pod, ContainerSpec container, string command) =>
        Describes(rule, pod, container, command) && !(rule.NeedsCompany && IsAlone(pod, container));

    /// <summary>The keys that are set, as they stand in the file.</summary>
    public static string InWords(SidecarRule rule)
    {
        (string Key, string? Value)[] keys =
        [
            ("namespace", rule.Namespace), ("name", rule.Name), ("image", rule.Image), ("label", rule.Label), ("command", rule.Command), ("listed_in", rule.ListedIn),
            ("kind", rule.Kind is { } kind ? Config.KeyNames.SnakeCase(kind.ToString()) : null),
        ];
        IEnumerable<string> words = keys.Where(k => k.Value is not null).Select(k => $"{k.Key} \"{k.Value}\"");
        return string.Join(", ", rule.NeedsCompany ? words.Append("needs_company true") : words);
    }

    private static bool Describes(SidecarRule rule, PodSpec pod, ContainerSpec container, string command) =>
        TakesItsKind(rule, container)
        && (rule.Namespace is null || Glob.Matches(rule.Namespace, pod.Namespace))
        && (rule.Name is null || Glob.Matches(rule.Name, container.Name))
        && (rule.Image is null || Glob.Matches(rule.Image, container.Image))
        && (rule.Label is null || Of(pod).Concat(Of(container)).Any(label => IsLabel(rule.Label, label)))
        && (rule.Command is null || (command.Length > 0 && Glob.Matches(rule.Command, command)))
        && (rule.ListedIn is null || IsListed(rule.ListedIn, pod, container))
        && (rule.Kind is null || rule.Kind == container.Kind);

    private static bool TakesItsKind(SidecarRule rule, ContainerSpec container) => container.Kind switch
    {
        ContainerKind.Sandbox => false,
        ContainerKind.Init or ContainerKind.Ephemeral =>
            rule.Kind is not null || rule.ListedIn is not null || (rule.Label is not null && Of(container).Any(label => IsLabel(rule.Label, label))),
        _ => true,
    };

    // Known only when a source names every container the pod declares; else another one may just not have been seen. A container that was
    // started again may be there twice, under one name; one without a name may be the pause container.
    private static bool IsAlone(PodSpec pod, ContainerSpec container) =>
        pod.IsComplete && !pod.Containers.Any(c => c.Kind == ContainerKind.Main && c.Name.Length > 0 && c.Name != container.Name);

    private static IEnumerable<KeyValuePair<string, string>> Of(PodSpec pod) => pod.Labels.Concat(pod.Annotations);

    private static IEnumerable<KeyValuePair<string, string>> Of(ContainerSpec container) => container.Labels.Concat(container.Annotations);

    private static bool IsLabel(string wanted, KeyValuePair<string, string> label)
    {
        string[] parts = wanted.Split('=', 2);
        return label.Key == parts[0] && (parts.Length == 1 || Glob.Matches(parts[1], label.Value));
    }

    // A plain Docker user can label only containers: there a list may stand on any container of the pod, mostly on the one whose network
    // the others join, and a container may simply say that it is one.
    private static bool IsListed(string key, PodSpec pod, ContainerSpec container) =>
        Of(container).Any(label => label.Key == key && label.Value.Trim() == Itself)
        || Of(pod).Concat(pod.Containers.SelectMany(Of).Where(label => label.Value.Trim() != Itself))
            .Any(label => label.Key == key && Names(label.Value).Contains(container.Name));

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
