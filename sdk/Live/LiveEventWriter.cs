namespace Pmoas.Sdk.Live;

/// <summary>Writes events as named fields. The host shows them as coloured columns, plain lines or JSON.</summary>
public abstract class LiveEventWriter
{
    /// <summary>First field of every event, which ends the one before: kernel time in nanoseconds since boot (<c>bpf_ktime_get_ns</c>), and what happened.</summary>
    public abstract void Begin(ulong bootTimeNs, string what);

    /// <summary>A text field.</summary>
    public abstract void Text(string name, ReadOnlySpan<char> value);

    /// <summary>A whole number.</summary>
    public abstract void Number(string name, long value);

    /// <summary>A time span; shown with a unit to people, as seconds in JSON under <c>NAME_seconds</c>.</summary>
    public abstract void Duration(string name, ulong nanoseconds);

    /// <summary>
    /// A step of what the event took, in the order they were taken and after all fields; shown to people one below the other with the slowest
    /// marked, in JSON as the array <c>steps</c> of <c>name</c> and <c>seconds</c>.
    /// </summary>
    /// <param name="name">Where the step ended.</param>
    /// <param name="nanoseconds">Time since the step before; 0 for the first.</param>
    public abstract void Step(string name, ulong nanoseconds);

    /// <summary>The call stack at the last step, innermost function first; in JSON the step's array <c>stack</c>.</summary>
    public abstract void Stack(IReadOnlyList<string> functions);

    /// <summary>
    /// All fields and steps from here on are of this part of the event. Parts are shown to people side by side, a row for each step, with the slowest
    /// of all marked; in JSON they are the array <c>parts</c> of <c>name</c>, the part's fields and its <c>steps</c>.
    /// </summary>
    public abstract void Part(string name);

    /// <summary>The container a tag's id stands for: namespace, pod, container and role.</summary>
    public abstract void Container(uint containerId);
}

/// <summary>Writes what there is to show when this event has come: it as one event, nothing yet, or several.</summary>
public delegate void LiveEventFormat<T>(in T value, LiveEventWriter writer) where T : unmanaged;
