using System.Runtime.InteropServices;

namespace Pmoas.SockMap.SelfTest;

/// <summary>Many bytes, both ways, and a reader that is not there.</summary>
internal static class Volume
{
    private const int Turns = 2000;
    private const int BulkBytes = 64 << 20;
    private const int MostMessage = 256 * 1024;

    private const int SlowBytes = 24 << 20;

    /// <summary>What may be in flight while it is tried: little, so that it is reached, and no container's memory is filled.</summary>
    internal const uint MaxInFlightBytes = 1 << 20;

    /// <summary>Beyond that: both sockets' own buffers; a kernel here lets a receiver grow to 32 MiB, a new connection to 4.</summary>
    private const int Buffers = 24 << 20;

    /// <summary>Two threads read and write at once, blocking; then one is woken for nothing.</summary>
    internal static void BlockingRead(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Blocking = accepting.Blocking = true;
        AtOnce.Run(() => Talk(connecting), () => Talk(accepting));
        WakeForNothing(connecting, accepting);
    }

    /// <summary>
    /// The other end's answer to our FIN, which brings no data, wakes a reader, who must go on waiting: that moment is made here, as it is rare by itself.
    /// </summary>
    internal static void WakeForNothing(TcpEnd connecting, TcpEnd accepting)
    {
        connecting.Blocking = true;
        Sleeper reader = new();
        AtOnce.Run(
            () => reader.While(() => connecting.Receive(new byte[500])),
            () =>
            {
                long times = reader.UntilAsleep();
                connecting.EndSending();
                if (reader.Wakes(times))
                {
                    reader.UntilAsleep(times);
                }

                accepting.Send(new byte[500]);
            });
    }

    /// <summary>A reader that is slower than the writer, so that the way changes often between redirection and TCP.</summary>
    internal static void SlowReader(TcpEnd connecting, TcpEnd accepting) => AtOnce.Run(
        () => SendNumbers(connecting, SlowBytes, seed: 4),
        () => ReceiveNumbers(accepting, SlowBytes, seed: 5, pause: true));

    /// <summary>64 MiB in messages of all sizes, each byte compared.</summary>
    internal static void Bulk(TcpEnd connecting, TcpEnd accepting) => AtOnce.Run(
        () => SendNumbers(connecting, BulkBytes, seed: 1),
        () => ReceiveNumbers(accepting, BulkBytes, seed: 2));

    /// <summary>A writer whose reader stops is stopped, and goes on in order.</summary>
    internal static void StoppedReader(TcpEnd connecting, TcpEnd accepting)
    {
        long most = MaxInFlightBytes + (long)Buffers;
        byte[] message = new byte[64 * 1024];
        long sent = 0;
        while (sent <= most)
        {
            Number(message, sent);
            nint count = connecting.TrySend(message, Native.MSG_DONTWAIT);
            if (count < 0)
            {
                if (Marshal.GetLastPInvokeError() == Native.EAGAIN)
                {
                    break;
                }

                throw new PropertyException($"the writer fails after {sent} bytes: {TcpEnd.Error()}");
            }

            sent += count;
        }

        if (sent > most)
        {
            throw new PropertyException($"a writer whose reader has stopped wrote {sent >> 20} MiB, and nothing stops it");
        }

        ReceiveNumbers(accepting, sent, seed: 3);
        connecting.Send(message.AsSpan(0, 4));
        accepting.Receive(new byte[4]);
    }

    /// <summary>Both write at once, so that wakes of writers fall into the reads.</summary>
    private static void Talk(TcpEnd end)
    {
        Random random = new(7); // the same sizes at both ends
        byte[] message = new byte[8192];
        for (int i = 0; i < Turns; i++)
        {
            int size = random.Next(1, message.Length);
            end.Send(message.AsSpan(0, size));
            end.Receive(message.AsSpan(0, size));
        }
    }

    private static void SendNumbers(TcpEnd end, long bytes, int seed)
    {
        Random random = new(seed);
        byte[] message = new byte[MostMessage];
        for (long sent = 0; sent < bytes;)
        {
            int size = (int)Math.Min(bytes - sent, random.Next(1, MostMessage));
            Number(message.AsSpan(0, size), sent);
            end.Send(message.AsSpan(0, size));
            sent += size;
        }
    }

    private static void ReceiveNumbers(TcpEnd end, long bytes, int seed, bool pause = false)
    {
        Random random = new(seed);
        byte[] got = new byte[MostMessage], wanted = new byte[MostMessage];
        for (long received = 0; received < bytes;)
        {
            int size = (int)Math.Min(bytes - received, random.Next(1, MostMessage));
            end.Receive(got.AsSpan(0, size));
            Number(wanted.AsSpan(0, size), received);
            if (!got.AsSpan(0, size).SequenceEqual(wanted.AsSpan(0, size)))
            {
                int at = got.AsSpan(0, size).CommonPrefixLength(wanted);
                throw new PropertyException($"byte {received + at} is not what was sent there");
            }

            received += size;
            if (pause)
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>Fills with bytes that say where they stand, so that lost and moved ones both show.</summary>
    private static void Number(Span<byte> message, long offset)
    {
        for (int i = 0; i < message.Length; i++)
        {
            message[i] = (byte)((ulong)(offset + i) * 0x9e3779b97f4a7c15 >> 56);
        }
    }
}
