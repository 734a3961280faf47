using System.Diagnostics;
using System.Runtime.InteropServices;
using Pmoas.Sdk.Traces;

namespace Pmoas.Host.Traces;

/// <summary>Events that become traces soon: until all events of a trace are there, and for a while after that, for one may be told again with more.</summary>
/// <param name="format">Says which belong together.</param>
/// <param name="capacity">Events that may wait.</param>
internal sealed class WaitingTraces<T>(TraceFormat<T> format, int capacity) where T : unmanaged
{
    /// <summary>As <see cref="TraceFormat{T}.Identity"/> says.</summary>
    private static readonly TimeSpan AfterWhole = TimeSpan.FromSeconds(2);

    /// <summary>As <see cref="TraceFormat{T}.IsWhole"/> says.</summary>
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ulong, Waiting> _byTrace = [];
    private readonly List<Waiting> _inOrder = [];
    private int _events;

    /// <summary>Hands over the events of one trace.</summary>
    internal delegate void Take(ReadOnlySpan<T> events);

    /// <summary>No more than this may wait.</summary>
    internal bool IsFull => _events >= capacity;

    /// <summary>Adds an event, in the place of one that tells of the same.</summary>
    internal void Add(in T value)
    {
        ulong number = format.Trace(in value);
        if (!_byTrace.TryGetValue(number, out Waiting? trace))
        {
            trace = new Waiting(number, Stopwatch.GetTimestamp());
            _byTrace.Add(number, trace);
            _inOrder.Add(trace);
        }

        ulong identity = format.Identity(in value);
        Span<T> events = CollectionsMarshal.AsSpan(trace.Events);
        foreach (ref T told in events)
        {
            if (format.Identity(in told) == identity)
            {
                told = value;
                return;
            }
        }

        trace.Events.Add(value);
        _events++;
        if (trace.Whole == 0 && format.IsWhole(CollectionsMarshal.AsSpan(trace.Events)))
        {
            trace.Whole = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Hands over those that have waited long enough, or all; the oldest first.</summary>
    internal void TakeDue(bool all, Take take)
    {
        int kept = 0;
        try
        {
            for (int i = 0; i < _inOrder.Count; i++)
            {
                Waiting trace = _inOrder[i];
                if (!all && !IsDue(trace))
                {
                    _inOrder[kept++] = trace;
                    continue;
                }

                _byTrace.Remove(trace.Number);
                _events -= trace.Events.Count;
                take(CollectionsMarshal.AsSpan(trace.Events));
            }
        }
        finally
        {
            _inOrder.RemoveRange(kept, _inOrder.Count - kept);
        }
    }

    /// <summary>Where no more can be taken in, what is not whole is waited for no longer.</summary>
    private bool IsDue(Waiting trace) => trace.Whole == 0
        ? IsFull || Stopwatch.GetElapsedTime(trace.Began) >= AtMost
        : Stopwatch.GetElapsedTime(trace.Whole) >= AfterWhole;

    private sealed class Waiting(ulong number, long began)
    {
        internal ulong Number { get; } = number;

        internal long Began { get; } = began;

        /// <summary>0: it is not.</summary>
        internal long Whole { get; set; }

        internal List<T> Events { get; } = [];
    }
}
