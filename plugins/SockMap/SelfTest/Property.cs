namespace Pmoas.SockMap.SelfTest;

/// <summary>Something TCP sockets do, and redirected ones should.</summary>
/// <param name="Name">As the metric has it.</param>
/// <param name="Required">True: without it nothing is redirected. False: what differs is told.</param>
/// <param name="WithoutIt">What it means when it does not hold, one sentence.</param>
/// <param name="Try">Tries it on two connected ends, the one that connected first; throws <see cref="PropertyException"/> when it does not hold.</param>
internal sealed record Property(string Name, bool Required, string WithoutIt, Action<TcpEnd, TcpEnd> Try);

/// <summary>All of them, in the order they are tried.</summary>
internal static class Properties
{
    private const string Nothing = "Nothing is redirected.";

    /// <summary>That the sockets are redirected at all; told by the run, which counts.</summary>
    internal const string Redirected = "redirected";

    internal static readonly IReadOnlyList<Property> All =
    [
        new("fionread", true, $"nginx, .NET and Java ask how much there is to read and would wait for ever. {Nothing}", Readiness.Fionread),
        new("epoll_level", true, $"An event loop would not wake up. {Nothing}", Readiness.EpollLevel),
        new("epoll_edge", true, $"An event loop would not wake up. {Nothing}", Readiness.EpollEdge),
        new("peek", true, $"Who looks before reading, as TLS detection does, would see nothing. {Nothing}", Readiness.Peek),
        new("blocking_read", true, $"A blocking read would come back with nothing. {Nothing}", Volume.BlockingRead),
        new("half_close", true, $"The end of a request would be lost. {Nothing}", Endings.HalfClose),
        new("close_pending", true, $"What was sent before a close would be lost. {Nothing}", Endings.ClosePending),
        new("reset", true, $"A reset would not be seen. {Nothing}", Endings.Reset),
        new("bulk", true, $"Bytes would be lost or change places. {Nothing}", Volume.Bulk),
        new("stopped_reader", true, $"A reader that stops would fill the memory, or its writer would fail. {Nothing}", Volume.StoppedReader),
        new("splice", false, "splice(2) from a redirected socket does not get its data: services that use it, such as Go proxies that copy between sockets, are found by watching their first connections, and left alone.", Readiness.Splice),
        new("rcvlowat", false, "SO_RCVLOWAT is not obeyed: a reader is woken by the first byte.", Readiness.LowWaterMark),
        new("unread_close", false, "Closing a redirected socket with unread data ends the connection without a reset: the other end sees its end instead of an error.", Endings.UnreadClose),
    ];

    /// <summary>Values of the metric's label.</summary>
    internal static readonly IReadOnlyList<string> Names = [Redirected, .. All.Select(property => property.Name)];
}
