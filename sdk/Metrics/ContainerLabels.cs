using Pmoas.Sdk.Pods;

namespace Pmoas.Sdk.Metrics;

/// <summary>The values of <see cref="Label.Container"/> for one container. A container that replaces another under the same name has the same.</summary>
internal readonly record struct ContainerLabels(string Namespace, string Pod, string Container, string Role)
{
    /// <summary>The labels of this container.</summary>
    internal static ContainerLabels Of(Container container) =>
        new(container.Namespace, container.Pod, container.Name, Text(container.Role));

    /// <summary>A role as metrics and people read it.</summary>
    internal static string Text(Role role) => role switch
    {
        Pods.Role.Service => "service",
        Pods.Role.Sidecar => "sidecar",
        Pods.Role.Init => "init",
        Pods.Role.Ephemeral => "ephemeral",
        _ => "unknown",
    };

    /// <summary>Writes the four values, in the order of <see cref="Label.Container"/>.</summary>
    internal void CopyTo(Span<string> labels)
    {
        labels[0] = Namespace;
        labels[1] = Pod;
        labels[2] = Container;
        labels[3] = Role;
    }
}
