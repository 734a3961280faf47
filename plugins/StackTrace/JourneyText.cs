using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;

namespace Pmoas.StackTrace;

/// <summary>
/// How journeys, handshakes and closes are shown by <c>pmoas monitor stack</c>: a request's journeys through a sidecar and back as one event, side by side,
/// when the last of them has come. Used by the ring thread only.
/// </summary>
/// <param name="path">The stages.</param>
/// <param name="stacks">Call stacks, where they are wanted at a stage.</param>
/// <param name="stackAt">That stage; null for none.</param>
internal sealed class JourneyText(StagePath path, BpfMap stacks, string? stackAt)
{
    /// <summary>Exchanges that may be waited for; when there are more, the oldest is shown as far as it is known.</summary>
    private const int MaxWaiting = 256;

    /// <summary>How long one is waited for, nanoseconds.</summary>
    private const ulong MaxWait = 10_000_000_000;

    private readonly Dictionary<ulong, List<JourneyEvent>> _exchanges = [];
    private readonly Queue<(ulong Began, ulong Exchange)> _inOrder = [];
    private readonly Dictionary<uint, IReadOnlyList<string>> _stacks = [];
    private KernelSymbols? _symbols;

    public void Write(in JourneyEvent e, LiveEventWriter writer)
    {
        ulong now = 0;
        if (e.Exchange == 0)
        {
            WriteAlone(in e, writer);
        }
        else if (!_exchanges.TryGetValue(e.Exchange, out List<JourneyEvent>? journeys))
        {
            now = e.Ended;
            _exchanges.Add(e.Exchange, [e]);
            _inOrder.Enqueue((now, e.Exchange));
        }
        else
        {
            journeys.Add(e);
            if (Exchange.IsWhole(CollectionsMarshal.AsSpan(journeys)))
            {
                WriteExchange(e.Exchange, writer);
            }
        }

        while (_inOrder.TryPeek(out (ulong Began, ulong Exchange) oldest)
            && (!_exchanges.ContainsKey(oldest.Exchange) || _exchanges.Count > MaxWaiting || now > oldest.Began + MaxWait))
        {
            _inOrder.Dequeue();
            WriteExchange(oldest.Exchange, writer);
        }
    }

    private void WriteExchange(ulong number, LiveEventWriter writer)
    {
        if (!_exchanges.Remove(number, out List<JourneyEvent>? journeys))
        {
            return;
        }

        if (journeys.Count == 1)
        {
            WriteAlone(journeys[0], writer);
            return;
        }

        Exchange exchange = new(CollectionsMarshal.AsSpan(journeys));
        (ulong began, ulong ended) = exchange.Time;
        writer.Begin(began, "exchange");
        writer.Container(exchange.Journeys[0].Container);
        writer.Text("phase", "data");
        writer.Duration("exchange", ended - began);
        foreach (var held in exchange.Between.GroupBy(held => held.Who))
        {
            writer.Duration(held.Key.Replace(' ', '_'), (ulong)held.Sum(part => (long)(part.Ended - part.Began)));
        }

        foreach (JourneyEvent journey in exchange.Journeys)
        {
            writer.Part(Exchange.NameOf(journey));
            writer.Container(journey.Container);
            WriteJourney(in journey, "journey", JourneySteps.OfStages(journey, path), writer);
        }
    }

    private void WriteAlone(in JourneyEvent e, LiveEventWriter writer)
    {
        string phase = StackTraceMetrics.Phases[e.Phase];
        (string what, var steps) = phase switch
        {
            "handshake" => (phase, JourneySteps.OfHandshake(e)),
            "close" => (phase, JourneySteps.OfClose(e)),
            _ => ("journey", JourneySteps.OfStages(e, path)),
        };
        writer.Begin(steps[0].At, what);
        writer.Container(e.Container);
        writer.Text("leg", StackTraceMetrics.Legs[e.Leg]);
        writer.Text("direction", StackTraceMetrics.Directions[e.Direction]);
        writer.Text("phase", phase);
        WriteJourney(in e, what, steps, writer);
    }

    private void WriteJourney(in JourneyEvent e, string what, List<(string Name, ulong At)> steps, LiveEventWriter writer)
    {
        ulong before = steps[0].At;
        writer.Text("from", new IPEndPoint(e.SourceAddress.ToAddress(), e.SourcePort).ToString());
        writer.Text("to", new IPEndPoint(e.DestinationAddress.ToAddress(), e.DestinationPort).ToString());
        writer.Duration(what, steps[^1].At - before);
        foreach ((string name, ulong at) in steps)
        {
            writer.Step(name, at - before);
            before = at;
            if (name == stackAt && e.Stack != 0)
            {
                writer.Stack(StackOf(e.Stack - 1));
            }
        }
    }

    /// <summary>The functions of a stack; looked up once.</summary>
    private IReadOnlyList<string> StackOf(uint key)
    {
        if (!_stacks.TryGetValue(key, out IReadOnlyList<string>? functions))
        {
            _symbols ??= KernelSymbols.Read();
            functions = stacks.TryGet(key, out StackAddresses addresses) ? [.. ((ReadOnlySpan<ulong>)addresses).ToArray().TakeWhile(address => address != 0).Select(_symbols.NameOf)] : [];
            _stacks.Add(key, functions);
        }

        return functions;
    }
}

/// <summary>Value of map <c>stacks</c>.</summary>
[InlineArray(64)]
internal struct StackAddresses
{
    private ulong _first;
}
