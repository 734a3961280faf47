using System.Net.Sockets;
using Pmoas.Sdk.Traces;

namespace Pmoas.StackTrace;

/// <summary>
/// A journey as a trace: the message's way from one application to the other, and under it what that took: opening the connection, when the message was its
/// first; each stage of the stack; closing it, when the message was its last.
/// </summary>
internal sealed class JourneyTrace(StagePath path) : TraceFormat<JourneyEvent>
{
    /// <summary>Spreads times, which are close together, over all numbers.</summary>
    private const ulong Spread = 0x9E37_79B9_7F4A_7C15;

    /// <inheritdoc/>
    public override ulong Identity(in JourneyEvent value)
    {
        foreach (ulong at in value.At)
        {
            if (at != 0)
            {
                return (at * Spread) + value.Byte;
            }
        }

        return value.Byte;
    }

    /// <inheritdoc/>
    public override void Write(in JourneyEvent value, TraceWriter writer)
    {
        var stages = JourneySteps.OfStages(value, path);
        (string Name, List<(string Name, ulong At)> Steps)[] phases =
        [
            ("connection establishment", JourneySteps.OfHandshake(value)),
            ("data transfer", stages),
            ("termination", JourneySteps.OfClose(value)),
        ];
        phases = [.. phases.Where(phase => phase.Steps.Count > 0)];
        writer.Container(value.Container);
        writer.Begin($"{StackTraceMetrics.Legs[value.Leg]} {StackTraceMetrics.Directions[value.Direction]}", phases.Min(phase => phase.Steps[0].At));
        Describe(value, stages[^1].At - stages[0].At, writer);
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
