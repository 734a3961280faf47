namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>Names of block devices by their numbers. Not thread-safe.</summary>
/// <param name="folder">Where the kernel lists them; <c>/sys/dev/block</c>.</param>
internal sealed class BlockDevices(string folder = "/sys/dev/block")
{
    private readonly Dictionary<(uint, uint), string> _names = [];

    /// <summary>The name, such as <c>vda</c>; the numbers when the kernel lists none.</summary>
    internal string NameOf(uint major, uint minor)
    {
        if (!_names.TryGetValue((major, minor), out string? name))
        {
            // 254:0 is a link to ../../devices/…/block/vda
            string? target = new DirectoryInfo($"{folder}/{major}:{minor}").LinkTarget;
            _names[(major, minor)] = name = target is null ? $"{major}:{minor}" : Path.GetFileName(target);
        }

        return name;
    }
}
