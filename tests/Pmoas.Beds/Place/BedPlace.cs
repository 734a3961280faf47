using Pmoas.Host.Demo;

namespace Pmoas.Beds.Place;

/// <summary>
/// Where a bed lives: a folder in memory, a network namespace, and the list of cgroups it caused. All of it is named
/// <c>pmoas-bed-PID-NUMBER</c>, so that a later bed finds and removes what a crashed process left.
/// </summary>
internal sealed class BedPlace
{
    internal const string Prefix = "pmoas-bed";
    private static int s_places;
    private readonly BedTraces _traces;

    private BedPlace(BedTraces traces)
    {
        _traces = traces;
    }

    /// <summary>Name of the folder and of the network namespace.</summary>
    internal string Name => _traces.Name;

    /// <summary>Sockets, databases, logs; short, for a Unix socket's path has 107 bytes.</summary>
    internal string Directory => _traces.Directory;

    /// <summary>The node's network: pods hang on it, clients start from it.</summary>
    internal NamedNetns Network => _traces.Network;

    /// <summary>Makes a place after removing those whose process is gone.</summary>
    /// <exception cref="BedException">Not root.</exception>
    internal static async Task<BedPlace> CreateAsync(CancellationToken cancellation)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new BedException("A bed with a container runtime needs root: run the tests with sudo.");
        }

        BedTraces traces = new($"{Prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref s_places)}");
        foreach (BedTraces stale in BedTraces.Stale())
        {
            await stale.RemoveAsync();
        }

        // In a container the next run often has the same process id, so this very name may be a crashed run's.
        await traces.RemoveAsync();
        BedPlace place = new(traces);
        bool ready = false;
        try
        {
            System.IO.Directory.CreateDirectory(traces.Directory);
            Mounts.MountMemory(traces.Directory);
            System.IO.Directory.CreateDirectory(place.In("tmp"));
            await traces.Network.CreateAsync(cancellation);
            ready = true;
            return place;
        }
        finally
        {
            if (!ready)
            {
                await place.RemoveAsync();
            }
        }
    }

    /// <summary>Path of something in the folder.</summary>
    internal string In(string name) => $"{Directory}/{name}";

    /// <summary>Writes a file in the folder and returns its path.</summary>
    internal string Write(string name, string text)
    {
        string path = In(name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Says that a cgroup will exist because of this bed; call it before it does.</summary>
    /// <param name="path">Relative to a hierarchy's root, starting with <c>/</c>.</param>
    internal void WillHaveCgroup(string path) => _traces.AddCgroup(path);

    /// <summary>Kills and removes everything.</summary>
    internal Task RemoveAsync() => _traces.RemoveAsync();

    /// <summary>What of it is on the machine, a line for each thing; empty after <see cref="RemoveAsync"/>.</summary>
    internal IReadOnlyList<string> Remains() => _traces.Remains();
}
