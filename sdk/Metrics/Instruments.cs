namespace Pmoas.Sdk.Metrics;

/// <summary>A registered counter. Thread-safe; allocates nothing once a series exists.</summary>
public abstract class Counter
{
    /// <summary>Adds to the series with these label values; adding 0 makes the series appear.</summary>
    public abstract void Add(double amount, params ReadOnlySpan<string> labels);

    /// <summary>Ends the series with these label values. Nothing happens when there is none.</summary>
    public abstract void Remove(params ReadOnlySpan<string> labels);
}

/// <summary>A registered gauge. Thread-safe; allocates nothing once a series exists.</summary>
public abstract class Gauge
{
    /// <summary>Sets the series with these label values.</summary>
    public abstract void Set(double value, params ReadOnlySpan<string> labels);

    /// <summary>Ends the series with these label values. Nothing happens when there is none.</summary>
    public abstract void Remove(params ReadOnlySpan<string> labels);
}

/// <summary>A registered histogram. Thread-safe; allocates nothing once a series exists.</summary>
public abstract class Histogram
{
    /// <summary>Observes <paramref name="value"/> <paramref name="count"/> times; 0 times makes the series appear.</summary>
    public abstract void Observe(double value, long count, params ReadOnlySpan<string> labels);

    /// <summary>Ends the series with these label values. Nothing happens when there is none.</summary>
    public abstract void Remove(params ReadOnlySpan<string> labels);
}
