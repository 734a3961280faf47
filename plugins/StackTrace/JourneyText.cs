using System.Net;
using Pmoas.Sdk.Live;

namespace Pmoas.StackTrace;

/// <summary>How a journey is shown by <c>pmoas monitor stack</c>.</summary>
internal static class JourneyText
{
    public static void Write(in JourneyEvent e, LiveEventWriter writer)
    {
        ulong first = 0, before = 0;
        for (int stage = 0; stage < StageTimes.Count; stage++)
        {
            before = Math.Max(before, e.At[stage]);
            first = first == 0 ? e.At[stage] : first;
        }

        writer.Begin(first, "journey");
        writer.Container(e.Container);
        writer.Text("leg", StackTraceMetrics.Legs[e.Leg]);
        writer.Text("direction", StackTraceMetrics.Directions[e.Direction]);
        writer.Text("from", new IPEndPoint(e.SourceAddress.ToAddress(), e.SourcePort).ToString());
        writer.Text("to", new IPEndPoint(e.DestinationAddress.ToAddress(), e.DestinationPort).ToString());
        writer.Duration("journey", before - first);
        before = first;
        for (int stage = 0; stage < StageTimes.Count; stage++)
        {
            if (e.At[stage] != 0)
            {
                writer.Step(Stages.All[stage].Name, e.At[stage] - before);
                before = e.At[stage];
            }
        }
    }
}
