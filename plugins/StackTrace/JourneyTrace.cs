using System.Net.Sockets;
using Pmoas.Sdk.Traces;

namespace Pmoas.StackTrace;

/// <summary>
/// Journeys as traces. A request's four journeys through a sidecar and back are one, with the time that sidecar and service had it between them; any other
/// journey is a trace by itself. Each is the message's way from one application to the other, and under it what that took: opening the connection, when the
/// message was its first; each stage of the stack; closing it, when the message was its last.
/// </summary>
internal sealed class JourneyTrace(StagePath path) : TraceFormat<JourneyEvent>
{
    /// <summary>Spreads times, which are close together, over all numbers.</summary>
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    /// <inheritdoc/>
    public override ulong Identity(in JourneyEvent value) => (value.Began * Spread) + value.Byte;

    /// <inheritdoc/>
    public override ulong Trace(in JourneyEvent value) => value.Exchange != 0 ? value.Exchange : Identity(in value);

    /// <inheritdoc/>
    public override bool IsWhole(ReadOnlySpan<JourneyEvent> values) => Exchange.IsWhole(values);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<JourneyEvent> values, TraceWriter writer)
    {
        if (values.Length == 1)
        {
            writer.Container(values[0].Container);
            Write(in values[0], PhasesOf(values[0]), writer);
            return;
        }

        Exchange exchange = new(values);
        (ulong began, ulong ended) = exchange.Time;
        writer.Container(exchange.Journeys[0].Container);

        // A connection is opened for the request, whose first message that is; its first response would tell it a second time.
        var journeys = exchange.Journeys.Select(journey => (Of: journey, Phases: PhasesOf(journey, withOpening: Exchange.IsRequest(journey)))).ToArray();
        writer.Begin("exchange", journeys.Min(journey => journey.Phases[0].Steps[0].At));
        writer.Attribute("pmoas.exchange_ns", (long)(ended - began));
        foreach (var journey in journeys)
        {
            Write(in journey.Of, journey.Phases, writer);
        }

        foreach ((string who, ulong from, ulong to) in exchange.Between)
        {
            writer.Begin(who, from);
            writer.Attribute("pmoas.interval_ns", (long)(to - from));
            writer.End(to);
        }

        writer.End(ended);
    }

    /// <summary>What is told of a journey, in the order in which it happens; the data it carries always.</summary>
    private (string Name, List<(string Name, ulong At)> Steps)[] PhasesOf(in JourneyEvent value, bool withOpening = true)
    {
        (string Name, List<(string Name, ulong At)> Steps)[] phases =
        [
            ("connection establishment", withOpening ? JourneySteps.OfHandshake(value) : []),
            ("data transfer", JourneySteps.OfStages(value, path)),
            ("termination", JourneySteps.OfClose(value)),
        ];
        return [.. phases.Where(phase => phase.Steps.Count > 0)];
    }

    private static void Write(in JourneyEvent value, (string Name, List<(string Name, ulong At)> Steps)[] phases, TraceWriter writer)
    {
        writer.Begin(Exchange.NameOf(value), phases[0].Steps[0].At);
        Describe(value, value.Ended - value.Began, writer);
        foreach ((string name, var steps) in phases)
        {
            writer.Begin(name, steps[0].At);
            WriteSteps(steps, writer);
            writer.End(steps[^1].At);
        }

        writer.End(phases.Max(phase => phase.Steps[^1].At));
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

    private static void WriteSteps(List<(string Name, ulong At)> steps, TraceWriter writer)
    {
        foreach (((string from, ulong begins), (string to, ulong ends)) in steps.Zip(steps.Skip(1)))
        {
            writer.Begin($"{from} -> {to}", begins);
            writer.Attribute("pmoas.from", from);
            writer.Attribute("pmoas.to", to);
            writer.Attribute("pmoas.interval_ns", (long)(ends - begins));
            writer.End(ends);
        }
    }
}
