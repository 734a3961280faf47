using System.Net;
using Pmoas.Sdk.Live;

namespace Pmoas.Accept;

/// <summary>How an event is shown by <c>pmoas monitor socket</c>.</summary>
internal static class AcceptEventText
{
    private static readonly string[] Names = ["", "accept", "connect", "close", "forward", "handoff", "reuse"];

    public static void Write(in AcceptEvent e, LiveEventWriter writer)
    {
        writer.Begin(e.TimeNs, Names[(int)e.Kind]);
        writer.Container(e.Container);
        writer.Text("local", new IPEndPoint(e.LocalAddress.ToAddress(), e.LocalPort).ToString());
        writer.Text("remote", new IPEndPoint(e.RemoteAddress.ToAddress(), e.RemotePort).ToString());
        switch (e.Kind)
        {
            case AcceptEventKind.Accept:
                writer.Duration("queue", e.DurationNs);
                break;
            case AcceptEventKind.Connect:
                writer.Text("result", AcceptMetrics.ConnectResults[(int)e.Result]);
                writer.Duration("connect", e.DurationNs);
                break;
            case AcceptEventKind.Close:
                writer.Duration("connection", e.DurationNs);
                writer.Number("sent_bytes", (long)e.SentBytes);
                writer.Number("received_bytes", (long)e.ReceivedBytes);
                break;
            case AcceptEventKind.Forward:
                writer.Duration("forward", e.DurationNs);
                break;
            case AcceptEventKind.Handoff:
                writer.Duration("handoff", e.DurationNs);
                break;
        }
    }
}
