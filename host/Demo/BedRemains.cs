using System.Globalization;
using System.Text.RegularExpressions;

namespace Pmoas.Host.Demo;

/// <summary>All that a bed puts on the machine, found by name: so a bed that crashed half-way is removed like one that ended.</summary>
internal static partial class BedRemains
{
    internal static NamedNetns PodNetns(string name) => new($"{name}-pod");

    internal static NamedNetns ClientNetns(string name) => new($"{name}-client");

    internal static string CgroupPath(string name) => $"/{name}";

    /// <summary>Removes processes, cgroups, network namespaces and files of the bed.</summary>
    internal static async Task RemoveAsync(string name)
    {
        await PodCgroups.RemoveAsync(CgroupPath(name));
        foreach (string netns in NamedNetns.Existing().Where(netns => netns.StartsWith($"{name}-", StringComparison.Ordinal)).ToArray())
        {
            await new NamedNetns(netns).DeleteAsync();
        }

        string directory = BedPlan.DirectoryOf(name);
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Removes beds of this prefix whose process is gone.</summary>
    internal static async Task RemoveStaleAsync(string prefix)
    {
        foreach (string name in Names(prefix).Where(name => !Directory.Exists($"/proc/{OwnerOf(name, prefix)}")))
        {
            await RemoveAsync(name);
        }
    }

    /// <summary>Names of the beds of this prefix that have left anything on the machine.</summary>
    internal static IReadOnlyList<string> Names(string prefix) =>
    [
        .. NamedNetns.Existing().Select(name => NetnsSuffix().Replace(name, ""))
            .Concat(PodCgroups.Roots.Append("/run").SelectMany(root => Directory.EnumerateDirectories(root, $"{prefix}-*")).Select(path => Path.GetFileName(path)))
            .Where(name => OwnerOf(name, prefix) > 0).Distinct(),
    ];

    /// <summary>Process id in a bed's name (<c>prefix-pid-number</c>); 0 when it is no such name.</summary>
    private static int OwnerOf(string name, string prefix) =>
        name.StartsWith($"{prefix}-", StringComparison.Ordinal) && PidAndNumber().Match(name[(prefix.Length + 1)..]) is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;

    [GeneratedRegex("^([0-9]{1,9})-[0-9]+$")]
    private static partial Regex PidAndNumber();

    [GeneratedRegex("-[a-z]+$")]
    private static partial Regex NetnsSuffix();
}
