using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Pmoas.Sdk;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.StackTrace;

/// <summary>
/// Has our programs at the TC hooks of every device in the watched pods' network namespaces. Who is new is found within a second, a device that a pod gets later within
/// ten seconds. All links end with this, and with the process.
/// </summary>
internal sealed partial class PodDevices : IDisposable
{
    private const int LooksOfRound = 10;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<(BpfProgram Program, DeviceHook Hook)> _programs;
    private readonly IContainerIndex _containers;
    private readonly ILogger _logger;
    private readonly Dictionary<uint, Dictionary<int, BpfLink[]>> _byPod = [];
    private readonly List<(string Stage, string Device, Container Container, BpfException Reason)> _refusals = []; // told at home: a logger may start a thread
    private readonly Timer _timer;
    private int _looks;
    private bool _disposed;

    private PodDevices(IReadOnlyList<(BpfProgram, DeviceHook)> programs, IContainerIndex containers, ILogger logger)
    {
        (_programs, _containers, _logger) = (programs, containers, logger);
        _timer = new Timer(_ => Look()); // by no period: a look may take longer
        _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins where any of the programs is on; it ends with the probe.</summary>
    public static void Watch(ProbeContext context)
    {
        (BpfProgram Program, DeviceHook Hook)[] programs =
            [.. Stages.TcHooks.Select(stage => (Program: context.Bpf.Program(stage.Key), stage.Value)).Where(one => one.Program.Autoload)];
        if (programs.Length > 0)
        {
            context.Stopping.Register(new PodDevices(programs, context.Containers, context.Logger).Dispose);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _timer.Dispose();
            foreach (BpfLink link in _byPod.Values.SelectMany(devices => devices.Values).SelectMany(links => links))
            {
                link.Dispose();
            }
        }
    }

    private void Look()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            bool isRound = _looks++ % LooksOfRound == 0;
            try
            {
                HashSet<uint> pods = [.. _containers.All.Select(container => container.PodId)];
                foreach (uint gone in _byPod.Keys.Where(pod => !pods.Contains(pod)).ToArray())
                {
                    Forget(gone, _ => true);
                    _byPod.Remove(gone);
                }

                _containers.VisitNetworkNamespaces(container => !container.IsProvisional && (isRound || !_byPod.ContainsKey(container.PodId)), Visit);
                foreach ((string stage, string device, Container container, BpfException e) in _refusals)
                {
                    _logger.LogWarning("The stage {Stage} has no packets of device {Device} of pod {Namespace}/{Pod}: {Reason}", stage, device, container.Namespace, container.Pod, e.Message);
                }

                _refusals.Clear();
            }
            catch (Exception e)
            {
                // On a timer's thread: what is thrown here would end the daemon.
                _logger.LogError(e, "The devices of pods could not be looked at; the stages of TC have none of the new ones");
            }

            _timer.Change(s_pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>In the pod's network namespace.</summary>
    private void Visit(Container container)
    {
        Dictionary<int, BpfLink[]> attached = _byPod.TryGetValue(container.PodId, out Dictionary<int, BpfLink[]>? known) ? known : _byPod[container.PodId] = [];
        Dictionary<int, string> devices = NamesOfDevices();
        Forget(container.PodId, device => !devices.ContainsKey(device));
        foreach ((int device, string name) in devices)
        {
            if (!attached.ContainsKey(device))
            {
                attached[device] = Attach(container, device, name);
            }
        }
    }

    private BpfLink[] Attach(Container container, int device, string name)
    {
        List<BpfLink> links = [];
        foreach ((BpfProgram program, DeviceHook hook) in _programs)
        {
            try
            {
                links.Add(program.AttachToDevice(device, hook));
            }
            catch (BpfException e)
            {
                _refusals.Add((program.Name, name, container, e));
            }
        }

        return [.. links];
    }

    private void Forget(uint pod, Predicate<int> isGone)
    {
        Dictionary<int, BpfLink[]> devices = _byPod[pod];
        foreach (int device in devices.Keys.Where(device => isGone(device)).ToArray())
        {
            foreach (BpfLink link in devices[device])
            {
                link.Dispose();
            }

            devices.Remove(device);
        }
    }

    /// <summary>Those of the calling thread's network namespace, by index.</summary>
    private static unsafe Dictionary<int, string> NamesOfDevices()
    {
        Dictionary<int, string> names = [];
        DeviceName* all = if_nameindex();
        if (all is not null)
        {
            for (DeviceName* one = all; one->Index != 0; one++)
            {
                names.TryAdd((int)one->Index, Marshal.PtrToStringUTF8(one->Name) ?? "");
            }

            if_freenameindex(all);
        }

        return names;
    }

    [LibraryImport("libc")]
    private static unsafe partial DeviceName* if_nameindex();

    [LibraryImport("libc")]
    private static unsafe partial void if_freenameindex(DeviceName* all);

    /// <summary><c>struct if_nameindex</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct DeviceName
    {
        internal uint Index;
        internal nint Name;
    }
}
