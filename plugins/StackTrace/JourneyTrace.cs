using System.Net.Sockets;
using Pmoas.Sdk.Traces;

namespace Pmoas.StackTrace;

/// <summary>
/// A journey as a trace: the message's way from one application to the other, and under it what that took: opening the connection, when the message was its
/// first; each stage of the stack; closing it, when the message was its last.
/// </summary>
internal sealed class JourneyTrace : TraceFormat<JourneyEvent>
{
    /// <summary>Spreads times, which are close together, over all numbers.</summary>
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    /// <inheritdoc/>
    public override ulong Identity(in JourneyEvent value) => (FirstOf(value) * Spread) + value.Byte;

    /// <inheritdoc/>
    public override void Write(in JourneyEvent value, TraceWriter writer)
    {
        ulong first = FirstOf(value), last = 0;
        foreach (ulong at in value.At)
        {
            last = Math.Max(last, at);
        }

        bool opens = value.OpenedNs != 0 && value.EstablishedNs >= value.OpenedNs;
        writer.Container(value.Container);
        writer.Begin($"{StackTraceMetrics.Legs[value.Leg]} {StackTraceMetrics.Directions[value.Direction]}", opens ? Math.Min(value.OpenedNs, first) : first);
        Describe(value, last - first, writer);
        if (opens)
        {
            writer.Begin("connection establishment", value.OpenedNs);
            Step(Stages.NameOf((uint)(Stages.TcpState + value.Opening)), "TCP_ESTABLISHED", value.OpenedNs, value.EstablishedNs, writer);
            writer.End(value.EstablishedNs);
        }

        writer.Begin("data transfer", first);
        WriteStages(value, writer);
        writer.End(last);
        writer.End(Math.Max(Math.Max(last, opens ? value.EstablishedNs : 0), WriteClose(value, writer)));
    }

    private static ulong FirstOf(in JourneyEvent value)
    {
        foreach (ulong at in value.At)
        {
            if (at != 0)
            {
                return at;
            }
        }

        return 0;
    }

    private static void Describe(in JourneyEvent value, ulong took, TraceWriter writer)
    {
        var (source, destination) = (value.SourceAddress.ToAddress(), value.DestinationAddress.ToAddress());
        writer.Attribute("pmoas.leg", StackTraceMetrics.Legs[value.Leg]);
        writer.Attribute("pmoas.direction", StackTraceMetrics.Directions[value.Direction]);
        writer.Attribute("pmoas.journey_ns", (long)took);
        writer.Attribute("network.transport", "tcp");
        writer.Attribute("network.type", source.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6");
        writer.Attribute("source.address", source.ToString());
        writer.Attribute("source.port", value.SourcePort);
        writer.Attribute("destination.address", destination.ToString());
        writer.Attribute("destination.port", value.DestinationPort);
    }

    private static void WriteStages(in JourneyEvent value, TraceWriter writer)
    {
        int from = -1;
        for (int to = 0; to < StageTimes.Count; to++)
        {
            if (value.At[to] == 0)
            {
                continue;
            }

            if (from >= 0)
            {
                Step(Stages.All[from].Name, Stages.All[to].Name, value.At[from], value.At[to], writer);
            }

            from = to;
        }
    }

    /// <summary>The states that close a connection, in the order they were entered.</summary>
    /// <returns>When it was closed; 0 when it was not.</returns>
    private static ulong WriteClose(in JourneyEvent value, TraceWriter writer)
    {
        if (value.ClosedNs == 0)
        {
            return 0;
        }

        List<(ulong At, string State)> states = [];
        for (int state = 0; state < StateTimes.Count; state++)
        {
            if (value.Since[state] != 0)
            {
                states.Add((value.Since[state], Stages.NameOf((uint)(Stages.TcpState + state))));
            }
        }

        states.Sort();
        states.Add((value.ClosedNs, "TCP_CLOSE"));
        writer.Begin("termination", states[0].At);
        for (int i = 1; i < states.Count; i++)
        {
            Step(states[i - 1].State, states[i].State, states[i - 1].At, states[i].At, writer);
        }

        writer.End(value.ClosedNs);
        return value.ClosedNs;
    }

    private static void Step(string from, string to, ulong begins, ulong ends, TraceWriter writer)
    {
        writer.Begin($"{from} -> {to}", begins);
        writer.Attribute("pmoas.from", from);
        writer.Attribute("pmoas.to", to);
        writer.Attribute("pmoas.interval_ns", (long)(ends - begins));
        writer.End(ends);
    }
}
