using k8s.Models;

namespace Pmoas.Tests.Kubernetes;

/// <summary>Short ways to make pods of the Kubernetes API.</summary>
internal static class KubePods
{
    public const string Node = "node-1";

    public static V1Pod Pod(string name, string space = "shop", string node = Node, params string[] containers) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space },
        Spec = new V1PodSpec { NodeName = node, Containers = [.. (containers.Length > 0 ? containers : ["app"]).Select(Container)] },
        Status = new V1PodStatus { Phase = "Running" },
    };

    public static V1Container Container(string name) => new() { Name = name, Image = $"example.org/{name}:1" };

    /// <summary>An id of 64 digits.</summary>
    public static string Id(char digit) => new(digit, 64);
}
