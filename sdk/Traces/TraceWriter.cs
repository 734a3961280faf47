namespace Pmoas.Sdk.Traces;

/// <summary>
/// Writes one trace: spans within spans, with the kernel's own times. The first that begins is the root; all others begin and end within
/// the one that is open. Used by one thread at a time.
/// </summary>
public abstract class TraceWriter
{
    /// <summary>The container the trace is of, by the id in a tag: its names become the trace's resource. Once, before the first span.</summary>
    public abstract void Container(uint containerId);

    /// <summary>Begins a span inside the open one.</summary>
    /// <param name="name">What is done meanwhile; of few different values, without addresses or numbers.</param>
    /// <param name="bootTimeNs">Kernel time in nanoseconds since boot (<c>bpf_ktime_get_ns</c>).</param>
    public abstract void Begin(string name, ulong bootTimeNs);

    /// <summary>An attribute of the open span, named by OpenTelemetry's conventions, or <c>pmoas.…</c> where they have no name for it.</summary>
    public abstract void Attribute(string name, string value);

    /// <summary>An attribute that is a whole number.</summary>
    public abstract void Attribute(string name, long value);

    /// <summary>Ends the open span.</summary>
    /// <param name="bootTimeNs">Kernel time in nanoseconds since boot.</param>
    public abstract void End(ulong bootTimeNs);
}

/// <summary>How events of type <typeparamref name="T"/> become traces.</summary>
public abstract class TraceFormat<T> where T : unmanaged
{
    /// <summary>
    /// Events with the same number tell of the same thing: the last one counts, if it comes within two seconds after the trace is whole. Called on the ring
    /// thread's behalf for every event: allocates nothing.
    /// </summary>
    public abstract ulong Identity(in T value);

    /// <summary>Events with the same number here become one trace; unless overridden each its own. Like <see cref="Identity"/>.</summary>
    public virtual ulong Trace(in T value) => Identity(in value);

    /// <summary>
    /// Whether these events are all of their trace, in the order in which they came. What is not whole is waited for, for a minute at most, or until
    /// <c>max_queue</c> events wait.
    /// </summary>
    public virtual bool IsWhole(ReadOnlySpan<T> values) => true;

    /// <summary>Writes one trace.</summary>
    /// <param name="values">Its events in the order in which they came; one at least.</param>
    /// <param name="writer">Where to.</param>
    public abstract void Write(ReadOnlySpan<T> values, TraceWriter writer);
}
