using Microsoft.Extensions.Logging;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.SockMap.SelfTest;

namespace Pmoas.SockMap;

/// <summary>Redirects sockets between containers past the network stack, where it has been tried that this is safe, and proves what it gives.</summary>
public sealed class SockMapProbe : IProbe, IProbeCheck
{
    /// <summary>The kernel object's resource.</summary>
    internal const string Object = "sock_map.bpf.o";

    private const uint ReadsBySplice = 1;
    private const uint ReadsBlocking = 2;

    /// <summary>Who reads so does it all the time; a few more answers than one, as the first may be a health check's.</summary>
    private const uint TrialAnswers = 20;

    private static readonly string[] Splices = ["socket_spliced", "splice_syscall"];

    private static readonly string[] Sends = ["message_begins", "message_sent", "inet_sent", "inet6_sent"];

    private static readonly string[] Receives = ["message_received", "inet_received", "inet6_received"];

    private SockMapOptions _options = new();
    private SelfTestReport? _tested;

    /// <inheritdoc/>
    public ProbeManifest Manifest { get; } = new()
    {
        Name = "sock_map",
        Summary = "Redirects sockets between sidecar and service past the network stack, safely, and proves the gain.",
        BpfResource = Object,
        MinimumKernel = new Version(6, 1),
        Options = typeof(SockMapOptions),
        Metrics = SockMapMetrics.All,
        Hooks =
        [
            new Hook("connections", Acceleration.Connects),
            new Hook("messages", Acceleration.Redirects),
            new Hook("socket options", Acceleration.Options),
            new Hook("listeners", "find_listeners"),
            new Hook("splice", "socket_spliced", "splice_syscall")
            {
                Required = false,
                WithoutIt = "services that use splice(2) cannot be told from others, so nothing is redirected where splice does not work on redirected sockets.",
            },
            new Hook("receives", "message_received", "inet_received+inet6_received")
            {
                Required = false,
                WithoutIt = "services that read blocking cannot be told from others, so nothing is redirected where such reads do not work on redirected sockets; there "
                    + "is no comparison with TCP, and nothing is rolled back.",
            },
            new Hook("sends", "message_begins", "message_sent", "inet_sent+inet6_sent")
            {
                Required = false,
                WithoutIt = "accelerated connections cannot be compared with others, so pmoas_sock_map_gain_ratio stays absent and nothing is rolled back.",
            },
        ],
    };

    /// <inheritdoc/>
    public IReadOnlyList<MissingPart> Missing => [.. OtherOwners.Missing(LoadedPrograms.List()), .. _tested?.Missing ?? []];

    /// <inheritdoc/>
    public void Configure(BpfObject bpf, ProbeSettings settings)
    {
        _options = settings.Get<SockMapOptions>();
        Acceleration.Configure(bpf, Enum.Parse<SockMapScope>(_options.Scope.Replace("_", "", StringComparison.Ordinal), ignoreCase: true), _options.MaxInFlightBytes);
        bpf.SetGlobal("chosen_only", ChosenContainers.IsChoice(_options));
        bpf.SetGlobal("ports_only", _options.IncludePorts.Count > 0);
        bpf.Map("totals").MaxEntries = _options.MaxContainers;
        SwitchOff(bpf, Splices, _options.Mode != "on");
        SwitchOff(bpf, Receives, _options.Mode != "on");
        SwitchOff(bpf, Sends, _options.Mode != "on" || _options.ControlPercent == 0);
    }

    /// <inheritdoc/>
    public void Start(ProbeContext context)
    {
        context.Export("totals");
        context.ExportNode("losses");
        context.Gauge(SockMapMetrics.Enabled).Set(0);
        if (_options.Mode == "off")
        {
            return;
        }

        if (UnifiedCgroup.Root is not { } root)
        {
            throw new InvalidOperationException("cgroup v2 is not mounted, and socket programs are attached to its cgroups: mount -t cgroup2 none /sys/fs/cgroup/unified");
        }

        if (OtherOwners.Conflicts(LoadedPrograms.List()) is { Count: > 0 } owners)
        {
            throw new InvalidOperationException(
                $"other programs redirect sockets on this machine already ({string.Join(", ", owners)}), and a socket can have one owner only: remove them, or set mode = \"off\" in [plugins.sock_map]");
        }

        _tested = SelfTestRun.Run(context.Logger);
        _tested.Show(context.Gauge(SockMapMetrics.Tested), context.Logger);
        if (_options.Mode != "on" || !_tested.Allows)
        {
            return;
        }

        // Who blocks is left alone on every kernel: a reader that waits in TCP for all it asked for does not see what is redirected meanwhile.
        uint badReads = (_tested.Holds("splice") ? 0 : ReadsBySplice) | ReadsBlocking;
        if (Unseen(context.Bpf, badReads) is { } unseen)
        {
            context.Logger.LogError("nothing is redirected: {Reads} is broken on redirected sockets, and who reads so cannot be seen on this kernel", unseen);
            return;
        }

        context.Bpf.SetGlobal("bad_reads", badReads);
        context.Bpf.SetGlobal("trial_answers", TrialAnswers);
        Accelerate(context, root);
    }

    /// <summary>A way to read that must be seen and is not; null when there is none.</summary>
    private static string? Unseen(BpfObject bpf, uint badReads)
    {
        bool Runs(IEnumerable<string> programs) => bpf.Programs.Any(program => programs.Contains(program.Name) && program.Autoload);
        return (badReads & ReadsBySplice) != 0 && !Runs(Splices) ? "splice(2)"
            : (badReads & ReadsBlocking) != 0 && !Runs(Receives) ? "a blocking read"
            : null;
    }

    private void Accelerate(ProbeContext context, string root)
    {
        BpfMap ports = context.Bpf.Map("ports");
        foreach (ushort port in _options.IncludePorts)
        {
            ports.Set((uint)port, 1u);
        }

        foreach (ushort port in _options.ExcludePorts)
        {
            ports.Set((uint)port, 0u);
        }

        BpfIterator listeners = context.Bpf.Program("find_listeners").AttachIterator();
        listeners.Run();
        Acceleration acceleration = new(context.Bpf, root);
        GainWatch watch = new(_options, context, acceleration);
        acceleration.Enable(_options.ControlPercent);
        context.Gauge(SockMapMetrics.Enabled).Set(1);
        context.Stopping.Register(() =>
        {
            acceleration.Dispose();
            watch.Dispose();
            listeners.Dispose();
        });
        context.Logger.LogInformation(
            "new connections are accelerated, scope {Scope}; {Percent} % of them stay on TCP to compare with", _options.Scope, _options.ControlPercent);
    }

    private static void SwitchOff(BpfObject bpf, string[] names, bool off)
    {
        foreach (BpfProgram found in bpf.Programs.Where(program => off && names.Contains(program.Name)))
        {
            BpfProgram program = found;
            program.Autoload = false;
        }
    }
}
