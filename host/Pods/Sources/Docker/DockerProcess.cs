using Docker.DotNet.Models;

namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>What Docker tells of a running container only when it is asked for that one.</summary>
/// <param name="Pid">First process, as Docker's pid namespace numbers it; 0 when it has ended.</param>
/// <param name="Image">Image reference as the user wrote it; empty when that is an id.</param>
/// <param name="CgroupPath">Path of its cgroup; empty when it is not known.</param>
internal sealed record DockerProcess(int Pid, string Image, string CgroupPath)
{
    /// <summary>Nothing is known.</summary>
    public static DockerProcess None { get; } = new(0, "", "");

    /// <summary>Takes what is needed of Docker's answer.</summary>
    public static DockerProcess Of(ContainerInspectResponse answer) => new(
        answer.State is { Running: true, Pid: > 0 and <= int.MaxValue } state ? (int)state.Pid : 0, ImageReference.First(answer.Config?.Image ?? ""), "");

    /// <summary>The container with this added.</summary>
    public DockerContainer Complete(DockerContainer container) => container with
    {
        Pid = Pid,
        Image = ImageReference.First(Image, container.Image),
        CgroupPath = CgroupPath,
    };
}
