using System.Diagnostics;
using System.Threading.Channels;
using Pmoas.Host.Plugins;
using Pmoas.Sdk.Traces;

namespace Pmoas.Host.Traces;

/// <summary>A trace whose spans have ended.</summary>
/// <param name="Plugin">Whose events it was made of.</param>
/// <param name="ContainerId">Whose trace it is.</param>
/// <param name="Spans">Its spans, the root first.</param>
internal sealed record ReadyTrace(string Plugin, uint ContainerId, IReadOnlyList<Activity> Spans);

/// <summary>The way of one ring's events to becoming traces.</summary>
internal abstract class TraceRoute(string plugin) : IDisposable
{
    /// <summary>The plugin.</summary>
    internal string Plugin => plugin;

    /// <summary>Writes the events that have waited long enough, or all. One thread at a time.</summary>
    internal abstract void Write(bool all, Action<ReadyTrace> ready);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>The same of one type of event.</summary>
/// <param name="plugin">Name of the plugin.</param>
/// <param name="format">How its events become traces.</param>
/// <param name="capacity">Events that may wait in each of two places.</param>
/// <param name="counters">Counts what finds no place.</param>
/// <param name="onFault">Told, once, that the format threw; nothing is written after that.</param>
internal sealed class TraceRoute<T>(string plugin, TraceFormat<T> format, int capacity, TraceCounters counters, Action<PluginException> onFault)
    : TraceRoute(plugin) where T : unmanaged
{
    private readonly Channel<T> _arrived = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
    private readonly WaitingTraces<T> _waiting = new(format, capacity);
    private readonly ActivitySource _source = new("pmoas." + plugin);
    private readonly SpanListener _listener = new("pmoas." + plugin);
    private SpanTree? _tree;
    private bool _faulted;

    /// <summary>Takes an event from the ring thread, which never waits.</summary>
    internal void Accept(in T value)
    {
        if (!_arrived.Writer.TryWrite(value))
        {
            counters.Dropped(Plugin, TraceDrop.Queue);
        }
    }

    /// <inheritdoc/>
    internal override void Write(bool all, Action<ReadyTrace> ready)
    {
        if (_faulted)
        {
            return;
        }

        try
        {
            do
            {
                Sort();
                WriteDue(all, ready);
            }
            while (all && _arrived.Reader.TryPeek(out _));
        }
        catch (Exception e)
        {
            _faulted = true;
            onFault(PluginBorder.Fault("writing a trace", e));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _listener.Dispose();
        _source.Dispose();
    }

    private void Sort()
    {
        while (!_waiting.IsFull && _arrived.Reader.TryRead(out T value))
        {
            _waiting.Add(in value);
        }
    }

    private void WriteDue(bool all, Action<ReadyTrace> ready)
    {
        _tree ??= new SpanTree { Source = _source };
        _waiting.TakeDue(all, events =>
        {
            _tree.Clear();
            format.Write(events, _tree);
            ready(new ReadyTrace(Plugin, _tree.ContainerId, _tree.Take()));
        });
    }
}
