using System.Runtime.InteropServices;

namespace Pmoas.SockMap.SelfTest;

/// <summary>How a connection ends.</summary>
internal static class Endings
{
    private const int Pending = 64 * 1024;

    /// <summary>By then the other end waits.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(10);

    /// <summary>One end has said all and waits for the answer.</summary>
    internal static void HalfClose(TcpEnd connecting, TcpEnd accepting) => AtOnce.Run(
        () =>
        {
            connecting.Send(new byte[1000]);
            connecting.EndSending();
            connecting.Receive(new byte[500]);
            MustEnd(connecting);
        },
        () =>
        {
            accepting.Receive(new byte[1000]);
            MustEnd(accepting);
            Thread.Sleep(Moment);
            accepting.Send(new byte[500]);
            accepting.EndSending();
        });

    /// <summary>What was sent before a close arrives.</summary>
    internal static void ClosePending(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Send(new byte[Pending]);
        connecting.Dispose();
        accepting.Receive(new byte[Pending]);
        MustEnd(accepting);
    }

    /// <summary>A close that does not linger is a reset, also for who waits.</summary>
    internal static void Reset(TcpEnd connecting, TcpEnd accepting) => AtOnce.Run(
        () =>
        {
            connecting.Send(new byte[1000]);
            Thread.Sleep(Moment);
            connecting.Set(Native.SO_LINGER, (On: 1, Seconds: 0));
            connecting.Dispose();
        },
        () =>
        {
            accepting.Receive(new byte[1000]);
            MustBeReset(accepting);
        });

    /// <summary>A close with unread data is a reset.</summary>
    internal static void UnreadClose(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Send(new byte[1000]);
        Readiness.MustBecomeReadable(accepting);
        accepting.Dispose();
        MustBeReset(connecting);
    }

    private static void MustEnd(TcpEnd end)
    {
        nint got = end.Receive(new byte[1], flags: 0);
        if (got != 0)
        {
            throw new PropertyException(got > 0 ? "there is more than was sent" : $"the end is not seen: {TcpEnd.Error()}");
        }
    }

    private static void MustBeReset(TcpEnd end)
    {
        nint got = end.Receive(new byte[1], flags: 0);
        if (got >= 0 || Marshal.GetLastPInvokeError() != Native.ECONNRESET)
        {
            throw new PropertyException(got == 0 ? "it ends without an error" : $"no reset is seen: {TcpEnd.Error()}");
        }
    }
}
