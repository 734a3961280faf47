using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Pmoas.Sdk.Bpf;

namespace Pmoas.SockMap.SelfTest;

/// <summary>
/// Tries every property on sockets that are redirected by the very object that will redirect others, in a network namespace made for it. A
/// kernel is judged by what it does, never by its version.
/// </summary>
internal static class SelfTestRun
{
    /// <summary>Takes about a second.</summary>
    /// <exception cref="BpfException">The object cannot be loaded or attached.</exception>
    internal static SelfTestReport Run(ILogger logger)
    {
        string cgroup = UnifiedCgroup.OfThisProcess()
            ?? throw new InvalidOperationException("cgroup v2 is not mounted, and socket programs are attached to its cgroups: mount -t cgroup2 none /sys/fs/cgroup/unified");
        return ScratchNetns.Run(netns =>
        {
            using var acceleration = Acceleration.Alone(cgroup, SockMapScope.AllLocal, netns, Volume.MaxInFlightBytes, logger);
            acceleration.Enable(controlPercent: 0);
            return new SelfTestReport([Redirected(acceleration), .. Properties.All.Select(property => TryRedirected(acceleration, property))]);
        });
    }

    /// <summary>Tries one property on a new connection of the calling thread's namespace.</summary>
    internal static Verdict Try(Property property)
    {
        try
        {
            (TcpEnd connecting, TcpEnd accepting) = TcpEnd.Pair();
            using (connecting)
            using (accepting)
            {
                property.Try(connecting, accepting);
            }

            return new Verdict(property, Seen: null);
        }
        catch (Exception e) when (e is PropertyException or Win32Exception)
        {
            return new Verdict(property, e.Message);
        }
    }

    /// <summary>A property that holds because nothing was redirected proves nothing.</summary>
    private static Verdict TryRedirected(Acceleration acceleration, Property property)
    {
        ulong before = acceleration.RedirectedBytes();
        Verdict verdict = Try(property);
        return verdict.Seen is null && acceleration.RedirectedBytes() == before ? verdict with { Seen = "none of its bytes was redirected" } : verdict;
    }

    private static Verdict Redirected(Acceleration acceleration) => Try(new Property(
        Properties.Redirected, Consequence.Nothing, "Nothing is redirected.",
        (connecting, accepting) =>
        {
            connecting.Send(new byte[100]);
            accepting.Receive(new byte[100]);
            accepting.Send(new byte[50]);
            connecting.Receive(new byte[50]);
            if (acceleration.EnrolledSockets != 2 || acceleration.RedirectedBytes() != 150)
            {
                throw new PropertyException($"{acceleration.EnrolledSockets} of 2 sockets were enrolled, and {acceleration.RedirectedBytes()} of 150 bytes redirected");
            }
        }));
}
