using Docker.DotNet.Models;

namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>What Docker tells of a container, as far as pods are made of it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name, without Docker's leading slash.</param>
/// <param name="Image">Image reference as the user wrote it.</param>
/// <param name="Network">Its network mode: <c>container:ID</c> shares another container's network namespace.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record DockerContainer(string Id, string Name, string Image, string Network, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Its first process, as Docker's pid namespace numbers it; 0 when it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Its address; empty when it has none of its own.</summary>
    public string Ip { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTime Created { get; init; }

    /// <summary>True while it runs, also when it is paused.</summary>
    public bool Runs { get; init; }

    /// <summary>Path of its cgroup; empty when it is not known.</summary>
    public string CgroupPath { get; init; } = "";

    /// <summary>Takes what a list tells: all but the process.</summary>
    public static DockerContainer Of(ContainerListResponse listed) => new(
        listed.ID, NameOf(listed.Names), ImageReference.First(listed.Image ?? ""), listed.HostConfig?.NetworkMode ?? "",
        listed.Labels?.AsReadOnly() ?? PodSpec.NoLabels)
    {
        Ip = listed.NetworkSettings?.Networks?.Values.Select(network => network.IPAddress).FirstOrDefault(ip => ip?.Length > 0) ?? "",
        Created = listed.Created,
        Runs = listed.State is "running" or "paused",
    };

    // Links give a container more names, with the other container's before: /web/db
    private static string NameOf(IList<string>? names) => names?.Select(name => name.TrimStart('/')).FirstOrDefault(name => !name.Contains('/')) ?? "";
}
