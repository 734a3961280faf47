using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Plugins;
using Pmoas.SockMap;
using Pmoas.SockMap.SelfTest;

namespace Pmoas.KernelTests.SockMap;

/// <summary>The self-test of redirection, on TCP and on redirected sockets, and what the kernel object refuses.</summary>
public sealed class SelfTestTests
{
    [Fact]
    public void every_property_holds_for_TCP()
    {
        Verdict[] verdicts = ScratchNetns.Run(_ => Properties.All.Select(SelfTestRun.Try).ToArray());
        Assert.Equal([], verdicts.Where(verdict => verdict.Seen is not null).Select(verdict => $"{verdict.Property.Name}: {verdict.Seen}"));
    }

    /// <summary>Ends of two connections, taken for those of one: nothing arrives, and whatever is tried has to say so, and soon.</summary>
    [Fact]
    public void no_property_holds_for_ends_that_are_not_connected()
    {
        string[] held = ScratchNetns.Run(_ => Properties.All.Where(property => SelfTestRun.Try(property with { Try = (one, _) => OnOthers(property, one) }).Seen is null)
            .Select(property => property.Name).ToArray());
        Assert.Equal([], held);

        static void OnOthers(Property property, TcpEnd connecting)
        {
            (TcpEnd other, TcpEnd accepting) = TcpEnd.Pair();
            using (other)
            using (accepting)
            {
                property.Try(connecting, accepting);
            }
        }
    }

    [Fact]
    [OnEveryKernel]
    public void what_differs_for_redirected_sockets_is_what_is_known_of_this_kernel()
    {
        SelfTestReport report = SelfTestRun.Run(NullLogger.Instance);

        // 6.1 does not count redirected bytes in FIONREAD, so nothing is redirected there.
        bool old = KernelVersion.Current < new Version(6, 12);
        string[] differs = [.. report.Verdicts.Where(verdict => verdict.Seen is not null).Select(verdict => verdict.Property.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(
            old ? ["blocking_read", "fionread", "rcvlowat", "splice", "unread_close"] : ["blocking_read", "rcvlowat", "splice", "unread_close"],
            differs);
        Assert.Equal(!old, report.Allows);
    }

    /// <summary>Eight times as many threads as processors: what is tried between two threads waits for them, however long they wait for a processor.</summary>
    [Fact]
    public void a_busy_machine_does_not_hide_that_blocking_reads_come_back_with_nothing()
    {
        const int Times = 10;
        Property property = Properties.All.Single(property => property.Name == "blocking_read") with { Try = Volume.WakeForNothing };
        using CancellationTokenSource stop = new();
        Thread[] busy = [.. Enumerable.Range(0, 8 * Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Thread.SpinWait(1000);
            }
        }) { IsBackground = true })];
        string cgroup = UnifiedCgroup.OfThisProcess()!;
        TimeSpan patience = TcpEnd.Patience;
        (string?[] byTcp, string?[] redirected) = ScratchNetns.Run(netns =>
        {
            string?[] Seen() => [.. Enumerable.Range(0, Times).Select(_ => SelfTestRun.Try(property).Seen)];
            TcpEnd.Patience = TimeSpan.FromSeconds(20);
            Array.ForEach(busy, thread => thread.Start());
            try
            {
                string?[] before = Seen();
                using var acceleration = Acceleration.Alone(cgroup, SockMapScope.AllLocal, netns, Volume.MaxInFlightBytes, NullLogger.Instance);
                acceleration.Enable(controlPercent: 0);
                return (before, Seen());
            }
            finally
            {
                stop.Cancel();
                Array.ForEach(busy, thread => thread.Join());
                TcpEnd.Patience = patience;
            }
        });

        Assert.All(byTcp, Assert.Null);
        Assert.All(redirected, Assert.NotNull);
    }

    [Fact]
    public void a_writer_of_single_bytes_is_stopped_by_the_memory_its_messages_take()
    {
        const uint Bound = 64 * 1024;
        string cgroup = UnifiedCgroup.OfThisProcess()!;
        ulong redirected = ScratchNetns.Run(netns =>
        {
            using var acceleration = Acceleration.Alone(cgroup, SockMapScope.AllLocal, netns, Bound, NullLogger.Instance);
            acceleration.Enable(controlPercent: 0);
            (TcpEnd connecting, TcpEnd accepting) = TcpEnd.Pair();
            using (connecting)
            using (accepting)
            {
                for (int i = 0; i < 1000; i++)
                {
                    connecting.Send([(byte)i]);
                }

                byte[] got = new byte[1000];
                accepting.Receive(got);
                Assert.Equal(Enumerable.Range(0, 1000).Select(i => (byte)i), got);
            }

            return acceleration.RedirectedBytes();
        });

        // 1 KiB and a byte each: 63 are within 64 KiB, and a 64th is not.
        Assert.Equal(63ul, redirected);
    }

    [Fact]
    public unsafe void kTLS_is_refused_on_a_redirected_socket_and_not_on_others()
    {
        string cgroup = UnifiedCgroup.OfThisProcess()!;
        (int Plain, int Redirected) errors = ScratchNetns.Run(netns =>
        {
            int plain = SetUlp();
            using var acceleration = Acceleration.Alone(cgroup, SockMapScope.AllLocal, netns, 16 << 20, NullLogger.Instance);
            acceleration.Enable(controlPercent: 0);
            return (plain, SetUlp());
        });

        // Without kTLS in the kernel there is no such protocol (ENOENT); with it a connection may have it. EPERM is ours alone.
        Assert.NotEqual(1, errors.Plain);
        Assert.Equal(1, errors.Redirected);

        static int SetUlp()
        {
            (TcpEnd connecting, TcpEnd accepting) = TcpEnd.Pair();
            using (connecting)
            using (accepting)
            {
                fixed (byte* name = "tls"u8)
                {
                    const int SolTcp = 6, TcpUlp = 31;
                    return Native.setsockopt(connecting.Fd, SolTcp, TcpUlp, name, 3) == 0 ? 0 : Marshal.GetLastPInvokeError();
                }
            }
        }
    }
}
