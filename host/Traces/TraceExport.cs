using System.Diagnostics;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Traces;

/// <summary>
/// Hands traces to the collector, on a thread of its own: events wait in bounded queues before it, and nothing behind it can hold up a ring. A trace is
/// taken as a whole or dropped as a whole; each is counted.
/// </summary>
internal sealed class TraceExport : IDisposable
{
    private const int SpansOfRequest = 2048;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Unused = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(3);

    private readonly TracesOptions _options;
    private readonly PodDirectory _pods;
    private readonly string _node;
    private readonly TraceCounters _counters;
    private readonly Collector _collector;
    private readonly Outage _outage;
    private readonly Dictionary<uint, TraceDestination> _destinations = [];
    private readonly Lock _gate = new();
    private readonly List<TraceRoute> _routes = [];
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread _thread;
    private List<ReadyTrace> _ready = [];

    /// <summary>Begins to hand on what the routes have.</summary>
    /// <param name="options">The collector.</param>
    /// <param name="pods">Tells whose container it is.</param>
    /// <param name="node">Name of this node.</param>
    /// <param name="counters">Where each trace is counted.</param>
    /// <param name="logger">Told when the collector takes nothing.</param>
    internal TraceExport(TracesOptions options, PodDirectory pods, string node, TraceCounters counters, ILogger logger)
    {
        (_options, _pods, _node, _counters) = (options, pods, node, counters);
        _collector = new Collector(options);
        _outage = new Outage(options.Endpoint, logger, TimeProvider.System);
        _thread = new Thread(Run) { Name = "traces", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Events of one plugin that may wait.</summary>
    internal int MaxQueue => _options.MaxQueue;

    /// <summary>Counts what happens to traces.</summary>
    internal TraceCounters Counters => _counters;

    /// <summary>Hands on what this route has, from now on.</summary>
    internal void Add(TraceRoute route)
    {
        _counters.Begin(route.Plugin);
        lock (_gate)
        {
            _routes.Add(route);
        }
    }

    /// <summary>Writes all that the route has, and ends it: when this returns its plugin is not called any more.</summary>
    internal void Remove(TraceRoute route)
    {
        lock (_gate)
        {
            if (_routes.Remove(route))
            {
                route.Write(all: true, _ready.Add);
            }

            route.Dispose();
        }
    }

    /// <summary>Hands on what is left, for some seconds at most.</summary>
    public void Dispose()
    {
        if (_stopping.IsSet)
        {
            return;
        }

        _stopping.Set();
        while (!_thread.Join(PatienceAtEnd))
        {
            _collector.GiveUp();
        }

        foreach (TraceDestination destination in _destinations.Values)
        {
            destination.Dispose();
        }

        _collector.Dispose();
    }

    private void Run()
    {
        while (!_stopping.Wait(Pause))
        {
            Turn();
        }

        Turn();
    }

    private void Turn()
    {
        List<ReadyTrace> ready;
        lock (_gate)
        {
            _routes.ForEach(route => route.Write(all: false, _ready.Add));
            (ready, _ready) = (_ready, []);
        }

        foreach (IGrouping<uint, ReadyTrace> traces in ready.GroupBy(trace => trace.ContainerId))
        {
            if (Destination(traces.Key) is { } destination)
            {
                Send(destination, traces);
            }
            else
            {
                Drop(traces, TraceDrop.Nameless);
            }
        }

        Forget();
    }

    private void Send(TraceDestination destination, IEnumerable<ReadyTrace> traces)
    {
        foreach (ReadyTrace[] some in InRequests(traces))
        {
            if (_outage.Pausing is { } reason)
            {
                Drop(some, reason);
            }
            else if (destination.Send(_collector, [.. some.SelectMany(trace => trace.Spans)]) is var (failure, text))
            {
                _outage.Failed(failure, text);
                Drop(some, failure);
            }
            else
            {
                _outage.Taken();
                Array.ForEach(some, trace => _counters.Exported(trace.Plugin, trace.Spans.Count));
            }
        }
    }

    private void Drop(IEnumerable<ReadyTrace> traces, TraceDrop reason)
    {
        foreach (ReadyTrace trace in traces)
        {
            _counters.Dropped(trace.Plugin, reason);
        }
    }

    /// <summary>Whole traces together, as many as make a request of a bounded size.</summary>
    private static IEnumerable<ReadyTrace[]> InRequests(IEnumerable<ReadyTrace> traces)
    {
        List<ReadyTrace> some = [];
        int spans = 0;
        foreach (ReadyTrace trace in traces)
        {
            if (spans > 0 && spans + trace.Spans.Count > SpansOfRequest)
            {
                yield return [.. some];
                some.Clear();
                spans = 0;
            }

            some.Add(trace);
            spans += trace.Spans.Count;
        }

        yield return [.. some];
    }

    /// <summary>Null for a container that nobody has named.</summary>
    private TraceDestination? Destination(uint containerId)
    {
        TraceDestination? known = _destinations.GetValueOrDefault(containerId);
        if (!_pods.TryGet(containerId, out Container? container) || container.IsProvisional)
        {
            return known;
        }

        if (known is not null && ReferenceEquals(known.Container, container))
        {
            return known;
        }

        known?.Dispose();
        PodSpec? pod = _pods.Pods.FirstOrDefault(pod => pod.Namespace == container.Namespace && pod.Name == container.Pod);
        return _destinations[containerId] = new TraceDestination(_collector, container, TraceResource.Of(container, pod, _node));
    }

    private void Forget()
    {
        foreach ((uint id, TraceDestination destination) in _destinations)
        {
            if (Stopwatch.GetElapsedTime(destination.Used) > Unused)
            {
                destination.Dispose();
                _destinations.Remove(id);
            }
        }
    }
}
