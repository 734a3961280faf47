using System.Globalization;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Place;

/// <summary>All that a bed puts on the machine, found by its name and by the list of cgroups in its folder.</summary>
internal sealed partial class BedTraces
{
    private readonly Lock _one = new();
    private readonly List<string> _cgroups;
    private readonly List<string> _filesElsewhere = [];

    internal BedTraces(string name)
    {
        Name = name;
        _cgroups = File.Exists(CgroupList) ? [.. File.ReadLines(CgroupList)] : [];
    }

    internal string Name { get; }

    internal string Directory => $"/run/{Name}";

    internal NamedNetns Network => new(Name);

    private List<string> Cgroups
    {
        get
        {
            lock (_one)
            {
                return [.. _cgroups];
            }
        }
    }

    private string CgroupList => $"{Directory}/cgroups";

    /// <summary>Those whose process is gone.</summary>
    internal static IReadOnlyList<BedTraces> Stale() =>
    [
        .. NamedNetns.Existing().Concat(System.IO.Directory.EnumerateDirectories("/run", $"{BedPlace.Prefix}-*").Select(path => Path.GetFileName(path)))
            .Distinct().Where(name => OwnerOf(name) is > 0 and int pid && !System.IO.Directory.Exists($"/proc/{pid}")).Select(name => new BedTraces(name)),
    ];

    /// <summary>Remembers a cgroup, also for the process that cleans up after a crash. Any thread.</summary>
    internal void AddCgroup(string path)
    {
        lock (_one)
        {
            _cgroups.Add(path);
            File.AppendAllText(CgroupList, $"{path}\n");
        }
    }

    /// <summary>Kills processes, removes mounts, cgroups, network namespace, sockets and files: the same way after a crash and in the end.</summary>
    internal async Task RemoveAsync()
    {
        _filesElsewhere.AddRange(FilesElsewhere.Of(Directory));
        await RuntimeProcesses.KillAsync(Directory);
        foreach (string cgroup in Cgroups)
        {
            await PodCgroups.RemoveAsync(cgroup);
        }

        Mounts.RemoveUnder(Directory);
        await Network.DeleteAsync();
        FilesElsewhere.Remove(_filesElsewhere);
        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }

        RemoveSharedCgroups();
    }

    /// <summary>What is there now, a line for each thing.</summary>
    internal IReadOnlyList<string> Remains() =>
    [
        .. RuntimeProcesses.Of(Directory).Select(pid => $"process {pid}"),
        .. Cgroups.SelectMany(PodCgroups.Processes).Distinct().Select(pid => $"process {pid}"),
        .. Mounts.Under(Directory).Select(point => $"mount {point}"),
        .. Cgroups.SelectMany(PodCgroups.Directories).Where(System.IO.Directory.Exists).Select(path => $"cgroup {path}"),
        .. NamedNetns.Existing().Where(name => name == Name).Select(name => $"network namespace {name}"),
        .. _filesElsewhere.Concat(FilesElsewhere.Of(Directory)).Distinct().Where(File.Exists).Select(path => $"file {path}"),
        .. System.IO.Directory.Exists(Directory) ? (string[])[$"folder {Directory}"] : [],
    ];

    /// <summary>Process id in a bed's name (<c>pmoas-bed-pid-number</c>); 0 when it is no such name.</summary>
    private static int OwnerOf(string name) =>
        BedName().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    /// <summary>The last bed takes along the cgroups above those of its pods, which runtimes leave behind empty.</summary>
    private static void RemoveSharedCgroups()
    {
        if (System.IO.Directory.EnumerateDirectories("/run", $"{BedPlace.Prefix}-*").Any())
        {
            return;
        }

        foreach (string path in ((string[])["/kubepods/besteffort", "/kubepods", "/docker"]).SelectMany(PodCgroups.Directories).Where(System.IO.Directory.Exists))
        {
            try
            {
                System.IO.Directory.Delete(path);
            }
            catch (IOException)
            {
                // Not empty: another's.
            }
        }
    }

    [GeneratedRegex($"^{BedPlace.Prefix}-([0-9]{{1,9}})-[0-9]+$")]
    private static partial Regex BedName();
}
