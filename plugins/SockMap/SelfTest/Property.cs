namespace Pmoas.SockMap.SelfTest;

/// <summary>What follows when a property does not hold.</summary>
internal enum Consequence
{
    /// <summary>Nothing is redirected.</summary>
    Nothing,

    /// <summary>Containers that depend on it are found by watching a service's first connections, and left alone.</summary>
    LeftAlone,

    /// <summary>It is told.</summary>
    Told,
}

/// <summary>Something TCP sockets do, and redirected ones should.</summary>
/// <param name="Name">As the metric has it.</param>
/// <param name="Consequence">What follows when it does not hold.</param>
/// <param name="WithoutIt">What it means when it does not hold, one sentence.</param>
/// <param name="Try">Tries it on two connected ends, the one that connected first; throws <see cref="PropertyException"/> when it does not hold.</param>
internal sealed record Property(string Name, Consequence Consequence, string WithoutIt, Action<TcpEnd, TcpEnd> Try);

/// <summary>All of them, in the order they are tried.</summary>
internal static class Properties
{
    private const string NothingRedirected = "Nothing is redirected.";

    private const string Found = "Containers that read so are found by watching a service's first connections, and left alone.";

    /// <summary>That the sockets are redirected at all; told by the run, which counts.</summary>
    internal const string Redirected = "redirected";

    internal static readonly IReadOnlyList<Property> All =
    [
        new("fionread", Consequence.Nothing, $"nginx, .NET and Java ask how much there is to read and would wait for ever. {NothingRedirected}", Readiness.Fionread),
        new("epoll_level", Consequence.Nothing, $"An event loop would not wake up. {NothingRedirected}", Readiness.EpollLevel),
        new("epoll_edge", Consequence.Nothing, $"An event loop would not wake up. {NothingRedirected}", Readiness.EpollEdge),
        new("peek", Consequence.Nothing, $"Who looks before reading, as TLS detection does, would see nothing. {NothingRedirected}", Readiness.Peek),
        new("half_close", Consequence.Nothing, $"The end of a request would be lost. {NothingRedirected}", Endings.HalfClose),
        new("close_pending", Consequence.Nothing, $"What was sent before a close would be lost. {NothingRedirected}", Endings.ClosePending),
        new("reset", Consequence.Nothing, $"A reset would not be seen. {NothingRedirected}", Endings.Reset),
        new("bulk", Consequence.Nothing, $"Bytes would be lost or change places. {NothingRedirected}", Volume.Bulk),
        new("slow_reader", Consequence.Nothing, $"Bytes would be lost or change places when a reader falls behind. {NothingRedirected}", Volume.SlowReader),
        new("stopped_reader", Consequence.Nothing, $"A reader that stops would fill the memory, or its writer would fail. {NothingRedirected}", Volume.StoppedReader),
        new("blocking_read", Consequence.LeftAlone, $"A blocking read of a redirected socket may come back with nothing. {Found}", Volume.BlockingRead),
        new("splice", Consequence.LeftAlone, $"splice(2) does not see what was redirected. {Found}", Readiness.Splice),
        new("rcvlowat", Consequence.Told, "SO_RCVLOWAT is not obeyed: a reader is woken by the first byte.", Readiness.LowWaterMark),
        new("unread_close", Consequence.Told, "Closing a redirected socket with unread data ends the connection without a reset: the other end sees its end instead of an error.", Endings.UnreadClose),
    ];

    /// <summary>Values of the metric's label.</summary>
    internal static readonly IReadOnlyList<string> Names = [Redirected, .. All.Select(property => property.Name)];
}
