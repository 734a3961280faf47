using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>All that is read of one container. Not thread-safe.</summary>
internal sealed class ContainerUsage : IDisposable
{
    private readonly CpuUsage _cpu;
    private readonly MemoryUsage _memory;
    private readonly BlockIoUsage _blockIo;
    private readonly PressureUsage _pressure;
    private readonly ProcessUsage _processes;
    private long _due;
    private bool _begun;

    internal ContainerUsage(
        Container container, CgroupPlaces places, KeptFiles files, BlockDevices devices, OwnedSeries series, UsageInstruments to)
    {
        Container = container;
        string path = container.CgroupPath;
        _cpu = new CpuUsage(places, path, files, series, to) { RequestTold = container.CpuRequest };
        _memory = new MemoryUsage(places, path, files, series, to);
        _blockIo = new BlockIoUsage(places, path, files, devices, series, to);
        _pressure = new PressureUsage(places, path, files, series, to);
        _processes = new ProcessUsage(places, path, files, series, to);
    }

    /// <summary>The container as it was when it appeared.</summary>
    internal Container Container { get; }

    /// <summary>CPU time since it began, in seconds, as of the last read.</summary>
    internal double CpuSeconds => _cpu.Seconds;

    /// <summary>Bytes as of the last read; null before it.</summary>
    internal ulong? WorkingSet => _memory.WorkingSet;

    /// <summary>A process of the container, as of the last look; 0 when there was none.</summary>
    internal int AnyProcess => _processes.AnyProcess;

    /// <summary>What the sources say of it now; the role is not looked at.</summary>
    internal void Told(Container now) => _cpu.RequestTold = now.CpuRequest;

    /// <summary>Reads what is due.</summary>
    /// <param name="now">Milliseconds on any clock that only goes forward.</param>
    /// <param name="refresh">Milliseconds after which everything is read.</param>
    /// <param name="budget">Processes that may be looked at in this scrape.</param>
    internal void Collect(long now, long refresh, ref int budget)
    {
        bool everything = now >= _due;
        if (everything)
        {
            // Not all containers at the same scrape.
            _due = now + refresh - (_begun ? 0 : refresh * (Container.Id % 8) / 8);
            _begun = true;
            _cpu.CollectLimits();
        }

        // CPU time, and throttling with it, is what moves: it is read at every scrape, the rest when it is due.
        _cpu.Collect(everything);
        if (everything)
        {
            _memory.Collect();
            _blockIo.Collect();
            _processes.CollectThreads();
            _memory.CollectLimits();
            _pressure.Collect();
            int before = budget;
            _processes.Collect(ref budget);
            if (before == 0)
            {
                _due = now; // its turn is the next scrape
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cpu.Dispose();
        _memory.Dispose();
        _blockIo.Dispose();
        _pressure.Dispose();
        _processes.Dispose();
    }
}
