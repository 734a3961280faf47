using System.Buffers.Text;
using Pmoas.ResourceUsage.Native;
using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>Processes, threads and open files of one container, cgroups below its own included.</summary>
internal sealed class ProcessUsage : IDisposable
{
    private readonly OwnedSeries _series;
    private readonly UsageInstruments _to;
    private readonly KeptFile? _tasks, _processes;
    private readonly string? _directory;
    private readonly byte[]? _directoryPath;
    private OwnedGauge? _processCount, _threads, _openFiles, _inspected;
    private Count _count;

    internal ProcessUsage(CgroupPlaces places, string path, KeptFiles files, OwnedSeries series, UsageInstruments to)
    {
        (_series, _to) = (series, to);
        _tasks = places.Pids is { } pids ? files.File(pids.File(path, "pids.current")) : null;
        if (places.Processes is { } place)
        {
            // On v1 an open descriptor goes on with the list it was first given, as long as it is read once a second.
            _processes = files.File(place.File(path, "cgroup.procs"), keep: false);
            _directory = place.Root + path;
            _directoryPath = KeptFiles.PathBytes(_directory);
        }
    }

    /// <summary>A process of the container, as of the last look; 0 when there was none.</summary>
    internal int AnyProcess => _count.First;

    /// <summary>Reads the number of threads.</summary>
    internal void CollectThreads()
    {
        if (_tasks is not null && _tasks.TryRead(out ReadOnlySpan<byte> text) && CgroupText.TryNumber(text, out ulong tasks))
        {
            (_threads ??= _series.Gauge(_to.Threads)).Set(tasks);
        }
    }

    /// <summary>Counts processes, and the open files of as many as the bound still allows.</summary>
    /// <param name="budget">Processes that may be looked at in this scrape; reduced by those that were.</param>
    internal void Collect(ref int budget)
    {
        if (_processes is null || !_processes.TryRead(out ReadOnlySpan<byte> text))
        {
            return;
        }

        _count = default;
        Add(text, ref budget);
        AddBelow(ref budget);
        (_processCount ??= _series.Gauge(_to.Processes)).Set(_count.Processes);
        (_openFiles ??= _series.Gauge(_to.OpenFiles)).Set(_count.OpenFiles);
        (_inspected ??= _series.Gauge(_to.InspectedProcesses)).Set(_count.Inspected);
        if (_tasks is null)
        {
            (_threads ??= _series.Gauge(_to.Threads)).Set(_count.Threads);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tasks?.Dispose();
        _processes?.Dispose();
    }

    private void Add(ReadOnlySpan<byte> text, ref int budget)
    {
        while (CgroupText.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            // A process of another pid namespace reads as 0: it is counted, and cannot be looked at.
            if (!Utf8Parser.TryParse(line, out int pid, out _))
            {
                continue;
            }

            _count.Processes++;
            if (pid > 0)
            {
                _count.First = _count.First == 0 ? pid : _count.First;
                if (budget > 0)
                {
                    budget--;
                    Inspect(pid);
                }
            }
        }
    }

    /// <summary>Containers seldom have cgroups of their own: only then does this allocate.</summary>
    private unsafe void AddBelow(ref int budget)
    {
        Libc.Statx found;
        fixed (byte* path = _directoryPath)
        {
            if (Libc.statx(Libc.AT_FDCWD, path, 0, Libc.STATX_NLINK, &found) != 0 || found.Links <= 2)
            {
                return;
            }
        }

        try
        {
            foreach (string below in Directory.EnumerateDirectories(_directory!, "*", SearchOption.AllDirectories))
            {
                Add(File.ReadAllBytes(below + "/cgroup.procs"), ref budget);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // gone since: what has been counted is nearly all there was
        }
    }

    private unsafe void Inspect(int pid)
    {
        long files = ProcessFolder.OpenFiles(pid);
        if (files < 0)
        {
            return; // it ended
        }

        _count.Inspected++;
        _count.OpenFiles += files;
        _count.Threads += _tasks is null ? ProcessFolder.Threads(pid) : 0;
    }

    private struct Count
    {
        internal long Processes;
        internal long Inspected;
        internal long OpenFiles;
        internal long Threads;
        internal int First;
    }
}
