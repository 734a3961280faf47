using System.Net;
using System.Runtime.CompilerServices;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Live;

namespace Pmoas.StackTrace;

/// <summary>How a journey, a handshake or a close is shown by <c>pmoas monitor stack</c>.</summary>
/// <param name="path">The stages.</param>
/// <param name="stacks">Call stacks, where they are wanted at a stage.</param>
/// <param name="stackAt">That stage; null for none.</param>
internal sealed class JourneyText(StagePath path, BpfMap stacks, string? stackAt)
{
    private readonly Dictionary<uint, IReadOnlyList<string>> _stacks = [];
    private KernelSymbols? _symbols;

    public void Write(in JourneyEvent e, LiveEventWriter writer)
    {
        string phase = StackTraceMetrics.Phases[e.Phase];
        (string what, var steps) = phase switch
        {
            "handshake" => (phase, JourneySteps.OfHandshake(e)),
            "close" => (phase, JourneySteps.OfClose(e)),
            _ => ("journey", JourneySteps.OfStages(e, path)),
        };
        ulong before = steps[0].At;
        writer.Begin(before, what);
        writer.Container(e.Container);
        writer.Text("leg", StackTraceMetrics.Legs[e.Leg]);
        writer.Text("direction", StackTraceMetrics.Directions[e.Direction]);
        writer.Text("phase", phase);
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
