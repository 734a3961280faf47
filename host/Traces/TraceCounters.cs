using Pmoas.Sdk.Metrics;

namespace Pmoas.Host.Traces;

/// <summary>Why a trace was not taken by the collector.</summary>
internal enum TraceDrop
{
    /// <summary>More came than could be handed on.</summary>
    Queue,

    /// <summary>Nobody answered.</summary>
    Unreachable,

    /// <summary>No answer within the time allowed.</summary>
    Timeout,

    /// <summary>The answer was an error.</summary>
    Refused,

    /// <summary>Its container is not known by name.</summary>
    Nameless,
}

/// <summary>What became of traces, as metrics: each that a plugin had events for is either exported or dropped. Thread-safe.</summary>
internal sealed class TraceCounters(Counter exported, Counter spans, Counter dropped)
{
    /// <summary>The reasons as a label has them, in the order of <see cref="TraceDrop"/>.</summary>
    internal static readonly IReadOnlyList<string> Reasons = [.. Enum.GetNames<TraceDrop>().Select(name => name.ToLowerInvariant())];

    /// <summary>Makes the series of a plugin appear.</summary>
    internal void Begin(string plugin)
    {
        exported.Add(0, plugin);
        spans.Add(0, plugin);
        foreach (string reason in Reasons)
        {
            dropped.Add(0, plugin, reason);
        }
    }

    /// <summary>Counts a trace that the collector took.</summary>
    internal void Exported(string plugin, int spansOfTrace)
    {
        exported.Add(1, plugin);
        spans.Add(spansOfTrace, plugin);
    }

    /// <summary>Counts traces that nobody gets.</summary>
    internal void Dropped(string plugin, TraceDrop reason) => dropped.Add(1, plugin, Reasons[(int)reason]);
}
