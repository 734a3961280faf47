using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>Short ways to describe pods.</summary>
internal static class Specs
{
    public static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    public static PodSpec Pod(string name, params ContainerSpec[] containers) => new("lab", name, "", None, None, containers);

    public static ContainerSpec Container(string name, string cgroup = "", string image = "", ContainerKind kind = ContainerKind.Main) =>
        new(name, image, cgroup, None, kind);
}
