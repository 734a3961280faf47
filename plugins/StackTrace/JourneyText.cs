using System.Net;
using Pmoas.Sdk.Live;

namespace Pmoas.StackTrace;

/// <summary>How a journey, a handshake or a close is shown by <c>pmoas monitor stack</c>.</summary>
internal static class JourneyText
{
    public static void Write(in JourneyEvent e, LiveEventWriter writer)
    {
        string phase = StackTraceMetrics.Phases[e.Phase];
        (string what, var steps) = phase switch
        {
            "handshake" => (phase, JourneySteps.OfHandshake(e)),
            "close" => (phase, JourneySteps.OfClose(e)),
            _ => ("journey", JourneySteps.OfStages(e)),
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
        }
    }
}
