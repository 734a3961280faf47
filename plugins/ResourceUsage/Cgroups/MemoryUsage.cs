using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>Memory of one container, cgroups below its own included (kills on v1 are its own).</summary>
internal sealed class MemoryUsage : IDisposable
{
    private static readonly byte[][] s_v1 =
    [
        "total_cache"u8.ToArray(), "total_rss"u8.ToArray(), "total_swap"u8.ToArray(), "total_pgfault"u8.ToArray(),
        "total_pgmajfault"u8.ToArray(), "total_inactive_file"u8.ToArray(),
    ];

    // v2 has its swap in a file of its own; a key that is not there takes its place.
    private static readonly byte[][] s_v2 =
    [
        "file"u8.ToArray(), "anon"u8.ToArray(), "-"u8.ToArray(), "pgfault"u8.ToArray(), "pgmajfault"u8.ToArray(), "inactive_file"u8.ToArray(),
    ];

    private readonly OwnedSeries _series;
    private readonly UsageInstruments _to;
    private readonly bool _isV2;
    private readonly KeptFile? _stat, _usage, _swapFile, _limitFile;
    private readonly ulong[] _now = new ulong[s_v1.Length];
    private OwnedGauge? _workingSet, _rss, _cache, _swap, _limit;
    private OwnedCounter? _minor, _major;

    internal MemoryUsage(CgroupPlaces places, string path, KeptFiles files, OwnedSeries series, UsageInstruments to)
    {
        (_series, _to) = (series, to);
        if (places.Memory is { } memory)
        {
            _isV2 = memory.IsV2;
            _stat = files.File(memory.File(path, "memory.stat"));
            _usage = files.File(memory.File(path, _isV2 ? "memory.current" : "memory.usage_in_bytes"));
            _swapFile = _isV2 ? files.File(memory.File(path, "memory.swap.current")) : null;
            _limitFile = files.File(memory.File(path, _isV2 ? "memory.max" : "memory.limit_in_bytes"));
        }
    }

    /// <summary>Bytes as of the last read; null before it.</summary>
    internal ulong? WorkingSet { get; private set; }

    /// <summary>Reads what there is in use, and page faults.</summary>
    internal void Collect()
    {
        if (_stat is null)
        {
            return;
        }

        if (_stat.TryRead(out ReadOnlySpan<byte> text))
        {
            uint found = CgroupText.Numbers(text, _isV2 ? s_v2 : s_v1, _now);
            Set(found, 0, ref _cache, _to.MemoryCache);
            Set(found, 1, ref _rss, _to.MemoryRss);
            Set(found, 2, ref _swap, _to.MemorySwap);
            if ((found & 0b11000) == 0b11000)
            {
                // pgfault counts every fault, those that had to read among them.
                (_minor ??= _series.Counter(_to.PageFaults, "minor")).Follow(_now[3] - Math.Min(_now[3], _now[4]));
                (_major ??= _series.Counter(_to.PageFaults, "major")).Follow(_now[4]);
            }

            if (_usage!.TryRead(out text) && CgroupText.TryNumber(text, out ulong usage))
            {
                // The two files are read one after the other, so the part may be greater than the whole.
                ulong inactive = (found & 0b100000) != 0 ? Math.Min(usage, _now[5]) : 0;
                WorkingSet = usage - inactive;
                (_workingSet ??= _series.Gauge(_to.MemoryWorkingSet)).Set(usage - inactive);
            }
        }
    }

    /// <summary>Reads the limit, and on v2 what is swapped out.</summary>
    internal void CollectLimits()
    {
        if (_limitFile is not null && _limitFile.TryRead(out ReadOnlySpan<byte> text) && CgroupText.TryLimit(text, out ulong limit))
        {
            (_limit ??= _series.Gauge(_to.MemoryLimit)).Set(limit);
        }
        else
        {
            _limit?.Clear();
        }

        if (_swapFile is not null && _swapFile.TryRead(out text) && CgroupText.TryNumber(text, out ulong swap))
        {
            (_swap ??= _series.Gauge(_to.MemorySwap)).Set(swap);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KeptFile? file in (ReadOnlySpan<KeptFile?>)[_stat, _usage, _swapFile, _limitFile])
        {
            file?.Dispose();
        }
    }

    private void Set(uint found, int key, ref OwnedGauge? gauge, Gauge instrument)
    {
        if ((found & (1u << key)) != 0)
        {
            (gauge ??= _series.Gauge(instrument)).Set(_now[key]);
        }
    }
}
