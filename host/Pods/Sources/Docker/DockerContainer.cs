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

    /// <summary>State as lists name it, such as <c>running</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>Path of its cgroup; empty when it is not known.</summary>
    public string CgroupPath { get; init; } = "";

    /// <summary>Takes what is needed of Docker's answer.</summary>
    public static DockerContainer Of(ContainerInspectResponse answer) => new(
        answer.ID, (answer.Name ?? "").TrimStart('/'), ImageReference.First(answer.Config?.Image ?? ""), answer.HostConfig?.NetworkMode ?? "",
        answer.Config?.Labels?.AsReadOnly() ?? PodSpec.NoLabels)
    {
        Pid = answer.State is { Running: true, Pid: > 0 and <= int.MaxValue } state ? (int)state.Pid : 0,
        Ip = answer.NetworkSettings?.Networks?.Values.Select(network => network.IPAddress).FirstOrDefault(ip => ip?.Length > 0) ?? "",
        Created = answer.Created,
        State = answer.State?.Status ?? "",
    };
}
