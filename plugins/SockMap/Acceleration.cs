using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;

namespace Pmoas.SockMap;

/// <summary>Which connections may be redirected; the numbers are those of <c>enum scope</c> (bpf/sock_map/sock_map.h).</summary>
internal enum SockMapScope
{
    /// <summary>Between the sidecar and the service of a pod.</summary>
    InsideLeg,

    /// <summary>Between any two containers of this node.</summary>
    Node,

    /// <summary>Whatever stays on this machine.</summary>
    AllLocal,
}

/// <summary>
/// The loaded kernel object at work on the sockets of a cgroup and all below it. Disposed, it enrols nobody any more; connections that
/// are redirected stay so until they close, as the kernel keeps the program and the map for them. Not thread-safe.
/// </summary>
internal sealed class Acceleration : IDisposable
{
    /// <summary>The sock_ops program.</summary>
    internal const string Connects = "pmoas_connects";

    /// <summary>The sk_msg program.</summary>
    internal const string Redirects = "pmoas_redirects";

    /// <summary>The program that keeps kTLS from enrolled sockets.</summary>
    internal const string Options = "pmoas_sockopts";

    private readonly BpfObject _bpf;
    private readonly BpfLink _link, _options;
    private readonly bool _owned;

    /// <summary>Attaches it; it enrols nobody until <see cref="Enable"/>.</summary>
    /// <param name="bpf">Loaded.</param>
    /// <param name="cgroup">Directory of the cgroup, in the v2 hierarchy.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal Acceleration(BpfObject bpf, string cgroup) : this(bpf, cgroup, owned: false)
    {
    }

    private Acceleration(BpfObject bpf, string cgroup, bool owned)
    {
        (_bpf, _owned) = (bpf, owned);
        bpf.SetGlobal("starts_early", bpf.Program("message_begins").Autoload ? 1u : 0u);
        bpf.Program(Redirects).AttachToSockets(bpf.Map("sockets"));
        _options = bpf.Program(Options).AttachToCgroup(cgroup);
        _link = bpf.Program(Connects).AttachToCgroup(cgroup);
    }

    /// <summary>Sockets enrolled now; walks the map.</summary>
    internal int EnrolledSockets => _bpf.Map("sockets").CountEntries();

    /// <summary>Bytes redirected so far, by the connections of no container; for an object of its own.</summary>
    internal ulong RedirectedBytes()
    {
        ulong bytes = 0;
        int at = _bpf.Btf.TryMapValue("totals", out BtfStruct? type) ? type.Members.Single(member => member.Name == "sent_bytes").Offset : 0;
        new TotalsReader(_bpf, "totals").Read((_, values, stride) =>
        {
            for (int cpu = 0; cpu < values.Length; cpu += stride)
            {
                bytes += BinaryPrimitives.ReadUInt64LittleEndian(values[(cpu + at)..]);
            }
        });
        return bytes;
    }

    /// <summary>Loads an object of its own, which shares nothing with the daemon's and knows no container.</summary>
    /// <param name="cgroup">Directory of the cgroup, in the v2 hierarchy.</param>
    /// <param name="scope">Which connections of the cgroup's processes.</param>
    /// <param name="netns">Cookie of the only network namespace it works in; 0: all.</param>
    /// <param name="maxInFlightBytes">As in <see cref="SockMapOptions"/>.</param>
    /// <param name="logger">Takes what libbpf says.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal static Acceleration Alone(string cgroup, SockMapScope scope, ulong netns, uint maxInFlightBytes, ILogger logger)
    {
        var bpf = BpfObject.OpenResource(typeof(Acceleration).Assembly, SockMapProbe.Object, logger);
        try
        {
            Configure(bpf, scope, maxInFlightBytes);
            bpf.SetGlobal("only_netns", netns);
            bpf.SwitchOff(bpf.Programs.Select(program => program.Name).Except([Connects, Redirects, Options]));
            bpf.Load();
            return new Acceleration(bpf, cgroup, owned: true);
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    /// <summary>Sets the constants of an opened object.</summary>
    internal static void Configure(BpfObject bpf, SockMapScope scope, uint maxInFlightBytes)
    {
        bpf.SetGlobal("scope", (uint)scope);
        bpf.SetGlobal("bound", (ulong)maxInFlightBytes);
    }

    /// <summary>From now on new connections are enrolled.</summary>
    /// <param name="controlPercent">Of 100, so many stay on TCP.</param>
    internal void Enable(uint controlPercent)
    {
        _bpf.SetGlobal("control_percent", controlPercent);
        _bpf.SetGlobal("enabled", 1u);
    }

    /// <summary>From now on new connections are not enrolled.</summary>
    internal void Disable() => _bpf.SetGlobal("enabled", 0u);

    /// <inheritdoc/>
    public void Dispose()
    {
        _link.Dispose();
        _options.Dispose();
        if (_owned)
        {
            _bpf.Dispose();
        }
    }
}
