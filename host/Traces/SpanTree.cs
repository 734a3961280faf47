using System.Diagnostics;
using Pmoas.Sdk.Traces;

namespace Pmoas.Host.Traces;

/// <summary>
/// Makes the spans of one trace after the other. Times are those of the kernel to 100 ns, which is what .NET's spans can hold; a span that took less lasts
/// 100 ns, and those around it at least as long.
/// </summary>
internal sealed class SpanTree : TraceWriter
{
    private readonly Stack<(Activity Span, DateTime End)> _open = [];
    private List<Activity> _spans = [];
    private DateTime _boot;

    /// <summary>Where spans begin: named after the plugin, which is their scope.</summary>
    internal required ActivitySource Source { get; init; }

    /// <summary>Id of the container the trace is of; 0 when it was not said.</summary>
    internal uint ContainerId { get; private set; }

    /// <inheritdoc/>
    public override void Container(uint containerId) => ContainerId = containerId;

    /// <inheritdoc/>
    public override void Begin(string name, ulong bootTimeNs)
    {
        ActivityContext parent = default;
        if (_open.TryPeek(out (Activity Span, DateTime) around))
        {
            parent = around.Span.Context;
        }
        else
        {
            Activity.Current = null; // a root has no parent by accident
        }

        Activity span = Source.CreateActivity(name, ActivityKind.Internal, parent) ?? throw new InvalidOperationException($"nobody listens to {Source.Name}");
        DateTime begins = At(bootTimeNs);
        span.SetStartTime(begins).Start();
        _open.Push((span, begins));
        _spans.Add(span);
    }

    /// <inheritdoc/>
    public override void Attribute(string name, string value) => _open.Peek().Span.SetTag(name, value);

    /// <inheritdoc/>
    public override void Attribute(string name, long value) => _open.Peek().Span.SetTag(name, value);

    /// <inheritdoc/>
    public override void End(ulong bootTimeNs)
    {
        (Activity span, DateTime lastInside) = _open.Pop();
        DateTime ends = At(bootTimeNs);
        span.SetEndTime(ends > lastInside ? ends : lastInside);
        span.Stop();
        ends = span.StartTimeUtc + span.Duration;
        if (_open.TryPop(out (Activity Span, DateTime End) around))
        {
            _open.Push((around.Span, around.End > ends ? around.End : ends));
        }
    }

    /// <summary>Begins anew.</summary>
    internal void Clear()
    {
        while (_open.TryPop(out (Activity Span, DateTime) left))
        {
            left.Span.Stop();
        }

        (_spans, ContainerId) = ([], 0);

        // Of each trace anew: the wall clock may have been set. Stopwatch and bpf_ktime_get_ns are both CLOCK_MONOTONIC.
        _boot = DateTime.UtcNow - Stopwatch.GetElapsedTime(0);
    }

    /// <summary>The spans, all of them ended, the root first.</summary>
    /// <exception cref="InvalidOperationException">There is none, or one was not ended.</exception>
    internal IReadOnlyList<Activity> Take() => _open.Count == 0 && _spans.Count > 0
        ? _spans
        : throw new InvalidOperationException(_spans.Count == 0 ? "a trace without a span" : $"the span \"{_open.Peek().Span.DisplayName}\" was not ended");

    private DateTime At(ulong bootTimeNs) => _boot.AddTicks((long)(bootTimeNs / TimeSpan.NanosecondsPerTick));
}
