using Pmoas.ResourceUsage.Native;
using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>
/// Throttling of the cgroups below a container's own, as a container manager or systemd in a container makes them: the kernel adds up their
/// CPU time and memory, but not this. Allocates only while there are such cgroups. Not thread-safe.
/// </summary>
internal sealed class ThrottlingBelow(CgroupPlace place, string path, KeptFiles files, OwnedSeries series, UsageInstruments to) : IDisposable
{
    private readonly string _directory = place.Root + path;
    private readonly byte[] _directoryPath = KeptFiles.PathBytes(place.Root + path);
    private readonly Dictionary<string, One> _all = [];

    /// <summary>Reads them.</summary>
    /// <param name="everything">True: also which there are.</param>
    internal void Collect(bool everything)
    {
        if (everything && (_all.Count > 0 || HasAny()))
        {
            List();
        }

        foreach (One one in _all.Values)
        {
            if (one.Stat.TryRead(out ReadOnlySpan<byte> text))
            {
                one.Throttling.Follow(text);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (One one in _all.Values)
        {
            one.Stat.Dispose();
        }

        _all.Clear();
    }

    private unsafe bool HasAny()
    {
        // Two links every directory has, and one more for each below it.
        Libc.Statx found;
        fixed (byte* name = _directoryPath)
        {
            return Libc.statx(Libc.AT_FDCWD, name, 0, Libc.STATX_NLINK, &found) == 0 && found.Links > 2;
        }
    }

    private void List()
    {
        HashSet<string> there = [];
        try
        {
            there.UnionWith(Directory.EnumerateDirectories(_directory, "*", SearchOption.AllDirectories));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // one of them went while it was listed: the next time tells
        }

        foreach ((string gone, One one) in _all.Where(known => !there.Contains(known.Key)).ToArray())
        {
            one.Stat.Dispose();
            _all.Remove(gone);
        }

        foreach (string directory in there)
        {
            if (!_all.ContainsKey(directory))
            {
                _all.Add(directory, new One(files.File($"{directory}/cpu.stat"), new Throttling(place.IsV2, series, to)));
            }
        }
    }

    private sealed record One(KeptFile Stat, Throttling Throttling);
}
