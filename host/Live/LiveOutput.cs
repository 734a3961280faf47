using System.Diagnostics;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>
/// Where live events are shown: <see cref="LiveEventWriter.Begin"/>, fields in any order, <see cref="End"/>. An event that names a
/// container is shown when the filter wants that container. Used by the ring thread only.
/// </summary>
internal abstract class LiveOutput : LiveEventWriter
{
    // Stopwatch and bpf_ktime_get_ns are both CLOCK_MONOTONIC; taken once, so a stepped wall clock does not reorder the events shown.
    private readonly DateTime _boot = DateTime.UtcNow - Stopwatch.GetElapsedTime(0);
    private readonly TaskCompletionSource _readerGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LiveFilter _filter;
    private readonly EventConditions _conditions;
    private readonly IContainerIndex _containers;
    private readonly Action _endLine;
    private readonly Action _flushOutput;
    private readonly SortedSet<string> _offered = new(StringComparer.Ordinal);
    private bool _isOpen;
    private bool _wanted;
    private long _flushed;

    /// <summary>Shows what <paramref name="filter"/> wants.</summary>
    protected LiveOutput(LiveFilter filter, IContainerIndex containers) =>
        (_filter, _conditions, _containers, _endLine, _flushOutput) = (filter, new EventConditions(filter.Conditions), containers, EndLine, FlushOutput);

    /// <summary>Events shown so far.</summary>
    public long Shown { get; private set; }

    /// <summary>Streams the probes offer, wanted or not.</summary>
    public IReadOnlyCollection<string> Offered => _offered;

    /// <summary>Events the kernel programs had to report, in the sessions that ended.</summary>
    public ulong Attempts { get; private set; }

    /// <summary>Those that were handed over.</summary>
    public ulong Delivered { get; private set; }

    /// <summary>Those that found no room in their ring.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>Completes when nobody reads the output any more, as after <c>| head</c>.</summary>
    public Task ReaderGone => _readerGone.Task;

    /// <summary>Notes that a probe offers this stream. Before events come.</summary>
    public void Offer(string stream)
    {
        lock (_offered)
        {
            _offered.Add(stream);
        }
    }

    /// <summary>Adds a ring's counts when its session ends.</summary>
    public void Total(RingCount count, ulong delivered)
    {
        lock (_offered)
        {
            Attempts += count.Attempts;
            Dropped += count.Dropped;
            Delivered += delivered;
        }
    }

    /// <summary>Whether somebody wants this stream.</summary>
    public bool Wants(string stream) => _filter.Wants(stream);

    /// <summary>What an event itself has to be.</summary>
    public LiveConditions Conditions => _filter.Conditions;

    /// <inheritdoc/>
    public sealed override void Begin(ulong bootTimeNs, string what)
    {
        End();
        _isOpen = true;
        _conditions.Begin();
        _wanted = _filter.Wants((Container?)null);
        BeginLine(_boot.AddTicks((long)(bootTimeNs / TimeSpan.NanosecondsPerTick)), what);
    }

    /// <inheritdoc/>
    public sealed override void Container(uint containerId)
    {
        if (_containers.TryGet(containerId, out Container? container))
        {
            _wanted |= _filter.Wants(container);
            WriteContainer(container);
        }
    }

    /// <inheritdoc/>
    public sealed override void Text(string name, ReadOnlySpan<char> value)
    {
        _conditions.Text(name, value);
        WriteText(name, value);
    }

    /// <inheritdoc/>
    public sealed override void Duration(string name, ulong nanoseconds)
    {
        _conditions.Duration(nanoseconds);
        WriteDuration(name, nanoseconds);
    }

    /// <summary>Ends the event that has begun, where one has: shows it when it is wanted.</summary>
    public void End()
    {
        bool isWanted = _isOpen && _wanted && _conditions.Hold;
        _isOpen = false;
        if (isWanted)
        {
            Shown++;
            Write(_endLine);
        }
    }

    /// <summary>Pushes what was shown since the last call out of the process.</summary>
    public void Flush()
    {
        if (_flushed != Shown)
        {
            _flushed = Shown;
            Write(_flushOutput);
        }
    }

    /// <summary>Throws away what a previous event left and begins a line.</summary>
    protected abstract void BeginLine(DateTime utc, string what);

    /// <summary>A text field.</summary>
    protected abstract void WriteText(string name, ReadOnlySpan<char> value);

    /// <summary>A time span.</summary>
    protected abstract void WriteDuration(string name, ulong nanoseconds);

    /// <summary>The container of the event.</summary>
    protected abstract void WriteContainer(Container container);

    /// <summary>Shows the line.</summary>
    protected abstract void EndLine();

    /// <summary>Pushes buffered lines out.</summary>
    protected abstract void FlushOutput();

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // A closed pipe is the reader's way to say "enough", not the probe's fault.
            _readerGone.TrySetResult();
        }
    }
}
