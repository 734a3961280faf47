using System.Text;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk.Metrics;

namespace Pmoas.ResourceUsage.Network;

/// <summary>Interfaces and sockets of one pod's network namespace; nothing when it shares it. Not thread-safe.</summary>
internal sealed class PodNetwork(KeptFiles files, NetworkClaims claims, OwnedSeries series, UsageInstruments to) : IDisposable
{
    /// <summary>More interfaces than a pod has; a namespace with more is a router's.</summary>
    private const int MostInterfaces = 32;

    private readonly PodProcess _process = new(files);
    private readonly List<Interface> _interfaces = [];
    private OwnedGauge? _allSockets, _tcp, _timeWait, _udp;
    private ulong _network;

    /// <summary>Finds the namespace; for all pods before any of them is read.</summary>
    /// <param name="pid">A process of the pod; 0 when none is known.</param>
    /// <param name="everything">True: also whether it is still the same.</param>
    internal void Locate(int pid, bool everything)
    {
        if (!_process.IsHeld || (everything && _process.Network == 0))
        {
            Hold(pid);
        }
        else if (everything)
        {
            claims.Move(ref _network, _process.Network);
        }
    }

    /// <summary>Reads what is due.</summary>
    /// <param name="pid">A process of the pod; 0 when none is known.</param>
    /// <param name="everything">True: sockets too.</param>
    internal void Collect(int pid, bool everything)
    {
        if (!claims.IsOfOnePod(_network))
        {
            ForgetSockets();
            return;
        }

        if (!_process.TryRead("net/dev\0"u8, out ReadOnlySpan<byte> text))
        {
            Hold(pid); // it ended: another may still run
            if (!claims.IsOfOnePod(_network) || !_process.TryRead("net/dev\0"u8, out text))
            {
                return;
            }
        }

        Interfaces(text);
        if (everything)
        {
            Sockets();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Dispose();
        claims.Move(ref _network, 0);
    }

    private void Hold(int pid)
    {
        _process.Dispose();
        if (pid > 0)
        {
            _process.Hold(pid);
        }

        claims.Move(ref _network, _process.IsHeld ? _process.Network : 0);
    }

    private void Interfaces(ReadOnlySpan<byte> text)
    {
        while (CgroupText.NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (InterfaceText.TryRead(line, out ReadOnlySpan<byte> name, out InterfaceCounts counts))
            {
                (Known(name) ?? (counts.IsUnused ? null : Begin(name)))?.Follow(in counts);
            }
        }
    }

    private void Sockets()
    {
        if (!_process.TryRead("net/sockstat\0"u8, out ReadOnlySpan<byte> text))
        {
            return;
        }

        SocketCounts counts = default;
        counts.Add(text);
        if (_process.TryRead("net/sockstat6\0"u8, out text)) // not there without IPv6
        {
            counts.Add(text);
        }

        (_allSockets ??= series.Gauge(to.Sockets, "all", "in_use")).Set(counts.All);
        (_tcp ??= series.Gauge(to.Sockets, "tcp", "in_use")).Set(counts.TcpInUse);
        (_timeWait ??= series.Gauge(to.Sockets, "tcp", "time_wait")).Set(counts.TcpTimeWait);
        (_udp ??= series.Gauge(to.Sockets, "udp", "in_use")).Set(counts.UdpInUse);
    }

    private void ForgetSockets()
    {
        _allSockets?.Clear();
        _tcp?.Clear();
        _timeWait?.Clear();
        _udp?.Clear();
    }

    private Interface? Known(ReadOnlySpan<byte> name)
    {
        foreach (Interface known in _interfaces)
        {
            if (name.SequenceEqual(known.Name))
            {
                return known;
            }
        }

        return null;
    }

    private Interface? Begin(ReadOnlySpan<byte> name)
    {
        if (_interfaces.Count == MostInterfaces)
        {
            return null;
        }

        Interface begun = new(name.ToArray(), Direction(name, "receive"), Direction(name, "transmit"));
        _interfaces.Add(begun);
        return begun;
    }

    private OwnedCounter[] Direction(ReadOnlySpan<byte> name, string direction)
    {
        string label = Encoding.UTF8.GetString(name);
        return
        [
            series.Counter(to.InterfaceBytes, label, direction), series.Counter(to.InterfacePackets, label, direction),
            series.Counter(to.InterfaceErrors, label, direction), series.Counter(to.InterfaceDrops, label, direction),
        ];
    }

    private sealed record Interface(byte[] Name, OwnedCounter[] Received, OwnedCounter[] Transmitted)
    {
        internal void Follow(in InterfaceCounts counts)
        {
            Follow(Received, counts.Received);
            Follow(Transmitted, counts.Transmitted);
        }

        private static void Follow(OwnedCounter[] to, Traffic traffic)
        {
            to[0].Follow(traffic.Bytes);
            to[1].Follow(traffic.Packets);
            to[2].Follow(traffic.Errors);
            to[3].Follow(traffic.Drops);
        }
    }
}
