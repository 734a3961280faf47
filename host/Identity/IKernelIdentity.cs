using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Identity;

/// <summary>The tag maps in the kernel: which cgroup is which container, which network namespace is which pod. Thread-safe.</summary>
internal interface IKernelIdentity
{
    /// <summary>Adds or changes a container's tag, by its <see cref="Container.CgroupId"/>.</summary>
    void Tag(Container container);

    /// <summary>Removes a container's tag. Sockets that carry it keep it until they close.</summary>
    void Untag(Container container);

    /// <summary>Has the kernel tag each new cgroup whose name is a container's, from now on, or no more. What lies below a container is tagged always.</summary>
    void TagNewContainers(bool on);

    /// <summary>
    /// The ids that the kernel gave by itself to a new cgroup whose name is a container's; it is tagged with them before anything can happen
    /// inside. Null when it gave none, or they have been taken over.
    /// </summary>
    GivenIds? GivenTo(ulong cgroupId);

    /// <summary>Those that it gave to containers whose cgroups are gone already, and that have not been taken over.</summary>
    IReadOnlyList<GivenIds> GivenToGone();

    /// <summary>From now on the host answers for what has these ids: they are not found again.</summary>
    void TakeOver(GivenIds given);

    /// <summary>Says which pod the containers belong to whose cgroups will be made in this one.</summary>
    void TagPodCgroup(ulong cgroupId, uint podId);

    /// <summary>Tags the sockets this process already holds; call it for each process of a container that has just been tagged.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="container">Whose it is; just tagged.</param>
    void Enrol(int pid, Container container);

    /// <summary>Says which pod a network namespace belongs to, by its cookie (SO_NETNS_COOKIE).</summary>
    void TagPod(ulong netnsCookie, uint podId);

    /// <summary>Forgets a network namespace.</summary>
    void UntagPod(ulong netnsCookie);

    /// <summary>Makes an opened, not yet loaded object use the shared maps and constants it declares.</summary>
    void ShareWith(BpfObject opened);
}
