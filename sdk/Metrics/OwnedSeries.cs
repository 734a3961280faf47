using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Metrics;

/// <summary>The series of one owner, a container or a pod. They end with it. Not thread-safe.</summary>
public sealed class OwnedSeries
{
    private readonly List<OwnedValue> _values = [];

    internal OwnedSeries(uint owner, string[] labels, SeriesGroup group) => (Owner, Labels, Group) = (owner, labels, group);

    /// <summary>Number of the owner; the greater one is the newer.</summary>
    internal uint Owner { get; }

    /// <summary>The label values that name the owner.</summary>
    internal string[] Labels { get; private set; }

    /// <summary>The owners with the same labels.</summary>
    internal SeriesGroup Group { get; private set; }

    /// <summary>Begins a counter's series, with 0.</summary>
    /// <param name="counter">The counter.</param>
    /// <param name="more">The values of the labels after the owner's.</param>
    public OwnedCounter Counter(Counter counter, params ReadOnlySpan<string> more) => Add(new OwnedCounter(this, counter, [.. Labels, .. more]));

    /// <summary>A gauge's series; it begins with its first value.</summary>
    /// <param name="gauge">The gauge.</param>
    /// <param name="more">The values of the labels after the owner's.</param>
    public OwnedGauge Gauge(Gauge gauge, params ReadOnlySpan<string> more) => Add(new OwnedGauge(this, gauge, [.. Labels, .. more]));

    /// <summary>Begins a histogram's series, with no value.</summary>
    /// <param name="def">Its definition, with the kernel's bucket bounds.</param>
    /// <param name="histogram">The histogram.</param>
    /// <param name="more">The values of the labels after the owner's.</param>
    public OwnedHistogram Histogram(HistogramDef def, Histogram histogram, params ReadOnlySpan<string> more) =>
        Add(new OwnedHistogram(this, def, histogram, [.. Labels, .. more]));

    /// <summary>Goes on under other labels: what was counted under the old ones stays there.</summary>
    internal void MoveTo(string[] labels, SeriesGroup group)
    {
        (Labels, Group) = (labels, group);
        foreach (OwnedValue value in _values)
        {
            labels.CopyTo(value.Labels, 0);
            value.Begin();
        }
    }

    /// <summary>The same series with label arrays of their own: the old group removes by the old ones.</summary>
    internal void CopyLabels()
    {
        foreach (OwnedValue value in _values)
        {
            value.Labels = [.. value.Labels];
        }
    }

    private TValue Add<TValue>(TValue value) where TValue : OwnedValue
    {
        _values.Add(value);
        if (!Group.IsOver)
        {
            value.Begin();
        }

        return value;
    }
}

/// <summary>One series of an owner.</summary>
public abstract class OwnedValue
{
    private protected OwnedValue(OwnedSeries series, string[] labels) => (Series, Labels) = (series, labels);

    /// <summary>All label values.</summary>
    internal string[] Labels { get; set; }

    private protected OwnedSeries Series { get; }

    /// <summary>True when the owner has ended: what its probe reads of it now is too late.</summary>
    private protected bool IsOver => Series.Group.IsOver;

    /// <summary>Makes the series appear where it should.</summary>
    internal abstract void Begin();
}

/// <summary>A counter that follows a total kept elsewhere. It never goes back.</summary>
public sealed class OwnedCounter : OwnedValue
{
    private readonly Counter _counter;
    private double _last;

    internal OwnedCounter(OwnedSeries series, Counter counter, string[] labels) : base(series, labels) => _counter = counter;

    /// <summary>
    /// Adds what the total grew by since the last time; the first time that is all of it. A small step back is the rounding of who keeps the
    /// total, and is waited out; a fall below half of it is a start from 0.
    /// </summary>
    /// <param name="total">The total now, in the counter's unit.</param>
    public void Follow(double total)
    {
        if (IsOver)
        {
            return;
        }

        double from = total < _last / 2 ? 0 : _last;
        if (total > from)
        {
            _counter.Add(total - from, Labels);
            _last = total;
        }
        else if (from == 0)
        {
            _last = total; // it fell to 0
        }
    }

    internal override void Begin()
    {
        if (Series.Group.Begin(_counter, Labels))
        {
            // The total is counted from its own beginning: what an earlier start of the probe left must not be added to.
            _counter.Remove(Labels);
        }

        _counter.Add(0, Labels);
    }
}

/// <summary>A histogram that follows a <c>struct pmoas_histogram</c>.</summary>
public sealed class OwnedHistogram : OwnedValue
{
    private readonly Histogram _histogram;
    private readonly HistogramField _field;
    private readonly ulong[] _now = new ulong[Buckets.KernelSlots * 2];
    private readonly ulong[] _exported = new ulong[Buckets.KernelSlots * 2];
    private string[] _labelsAndPlace = [];

    internal OwnedHistogram(OwnedSeries series, HistogramDef def, Histogram histogram, string[] labels) : base(series, labels) =>
        (_histogram, _field) = (histogram, new HistogramField(0, def, histogram));

    /// <summary>Adds one CPU's part to what the kernel has now.</summary>
    /// <param name="part">A <c>struct pmoas_histogram</c>.</param>
    public void Gather(ReadOnlySpan<byte> part)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(part[..(_now.Length * sizeof(ulong))]);
        for (int word = 0; word < words.Length; word++)
        {
            _now[word] += words[word];
        }
    }

    /// <summary>Adds the values that came since the last time, once all parts are gathered.</summary>
    public void Follow()
    {
        if (IsOver)
        {
            return;
        }

        if (_field.StartedAgain(_now, _exported))
        {
            Array.Clear(_exported);
        }

        _field.Advance(_now, _exported, _labelsAndPlace);
        Array.Clear(_now);
    }

    internal override void Begin()
    {
        if (Series.Group.Begin(_histogram, Labels))
        {
            _histogram.Remove(Labels); // as a counter
        }

        _histogram.Observe(0, 0, Labels);
        _labelsAndPlace = [.. Labels, ""];
    }
}

/// <summary>A gauge of an owner. Of owners with the same labels only the newest, the one that runs, is shown.</summary>
public sealed class OwnedGauge : OwnedValue
{
    private readonly Gauge _gauge;
    private double? _last;

    internal OwnedGauge(OwnedSeries series, Gauge gauge, string[] labels) : base(series, labels) => _gauge = gauge;

    /// <summary>Sets it.</summary>
    public void Set(double value)
    {
        if (!IsOver && value != _last && Series.Group.Newest == Series.Owner)
        {
            _gauge.Set(value, Labels);
            _last = value;
        }
    }

    /// <summary>Ends the series until the next value: there is none now.</summary>
    public void Clear()
    {
        if (!IsOver && _last is not null && Series.Group.Newest == Series.Owner)
        {
            _gauge.Remove(Labels);
            _last = null;
        }
    }

    internal override void Begin()
    {
        if (!Series.Group.Begin(_gauge, Labels) && Series.Group.Newest == Series.Owner)
        {
            _gauge.Remove(Labels); // what the owner before had says nothing of this one
        }

        if (_last is { } value)
        {
            _last = null;
            Set(value);
        }
    }
}
