namespace Pmoas.Host.Identity;

/// <summary>The ids of a container that the kernel has tagged by itself, when its cgroup was made.</summary>
/// <param name="CgroupId">Inode number of its cgroup.</param>
/// <param name="Container">The container's id, above all that the host gives.</param>
/// <param name="Pod">The pod's, likewise.</param>
/// <param name="RuntimeId">The runtime's id of it, 64 hexadecimal digits.</param>
internal readonly record struct GivenIds(ulong CgroupId, uint Container, uint Pod, string RuntimeId);
