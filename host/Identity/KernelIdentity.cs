using System.Runtime.InteropServices;
using System.Text;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Identity;

/// <summary>The tag maps of <c>bpf/identity</c>, loaded once for the whole daemon; every plugin's object uses these and makes none of its own.</summary>
internal sealed class KernelIdentity : IKernelIdentity, IDisposable
{
    private const string ContainersMap = "pmoas_containers";
    private const string PodsMap = "pmoas_pods";
    private const string SocketsMap = "pmoas_sockets";
    private const string PairsMap = "pmoas_pairs";
    private const string EndsMap = "pmoas_ends";
    private const string CgroupV1 = "pmoas_cgroup_v1";
    private const string EnrolSockets = "enrol_sockets";

    private readonly BpfObject _bpf;
    private readonly bool _cgroupV1;
    private readonly BpfMap _containers;
    private readonly BpfMap _pods;
    private readonly BpfMap _podCgroups;
    private readonly BpfMap _newContainers;
    private readonly MapReader _newReader;
    private readonly List<BpfLink> _links = [];
    private readonly Lock _takenOverLock = new();
    private uint _takenOver;

    private KernelIdentity(BpfObject bpf, bool cgroupV1)
    {
        (_bpf, _cgroupV1) = (bpf, cgroupV1);
        (_containers, _pods) = (bpf.Map(ContainersMap), bpf.Map(PodsMap));
        (_podCgroups, _newContainers) = (bpf.Map("pod_cgroups"), bpf.Map("new_containers"));
        _newReader = new MapReader(_newContainers);
    }

    /// <summary>Loads the maps, the program that enrols sockets, and those that tag a container when its cgroup is made.</summary>
    /// <param name="mode">Which hierarchy's cgroup ids the kernel programs read.</param>
    /// <param name="logger">Told what libbpf says.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public static KernelIdentity Load(CgroupMode mode, ILogger logger)
    {
        try
        {
            return Load(mode, [], logger);
        }
        catch (BpfException e) when (e.Program == EnrolSockets)
        {
            // Verifiers differ in whether the socket of a file that an iterator shows may be asked for its storage.
            logger.LogDebug("Sockets that are open already are tagged through copies of their descriptors: {Reason}", e.Message);
            return Load(mode, [EnrolSockets], logger);
        }
    }

    private static KernelIdentity Load(CgroupMode mode, string[] without, ILogger logger)
    {
        var bpf = BpfObject.OpenResource(typeof(KernelIdentity).Assembly, "identity.bpf.o", logger);
        try
        {
            bool cgroupV1 = mode == CgroupMode.V1Memory;
            BtfLayout.Verify<PmoasTag>(bpf);
            BtfLayout.Verify<NewContainer>(bpf);
            bpf.SetGlobal(CgroupV1, cgroupV1);
            bpf.SwitchOff(without);
            bpf.Load();
            KernelIdentity loaded = new(bpf, cgroupV1);
            loaded.TagNewCgroups(logger);
            return loaded;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Tag(Container container) => _containers.Set(container.CgroupId, new PmoasTag(container));

    /// <inheritdoc/>
    public void Untag(Container container) => _containers.Remove(container.CgroupId);

    /// <inheritdoc/>
    public void TagNewContainers(bool on) => _bpf.SetGlobal("tag_new_containers", on);

    /// <inheritdoc/>
    public GivenIds? GivenTo(ulong cgroupId) => _newContainers.TryGet(cgroupId, out NewContainer made) ? Ids(cgroupId, made) : null;

    /// <inheritdoc/>
    public IReadOnlyList<GivenIds> GivenToGone()
    {
        lock (_takenOverLock)
        {
            if (_bpf.GetGlobal<uint>("last_container") == _takenOver)
            {
                return [];
            }
            List<GivenIds> gone = [];
            _newReader.Read((key, value, _) =>
            {
                ulong cgroupId = MemoryMarshal.Read<ulong>(key);
                if (!_containers.TryGet(cgroupId, out PmoasTag _))
                {
                    gone.Add(Ids(cgroupId, MemoryMarshal.Read<NewContainer>(value)));
                }
            });
            return gone;
        }
    }

    /// <inheritdoc/>
    public void TakeOver(GivenIds given)
    {
        lock (_takenOverLock)
        {
            _takenOver += _newContainers.Remove(given.CgroupId) ? 1u : 0;
        }
    }

    /// <inheritdoc/>
    public void TagPodCgroup(ulong cgroupId, uint podId) => _podCgroups.Set(cgroupId, podId);

    /// <inheritdoc/>
    public void Enrol(int pid, Container container)
    {
        BpfProgram enrol = _bpf.Program(EnrolSockets);
        if (!enrol.Autoload)
        {
            HeldSockets.Tag(pid, _bpf.Map(SocketsMap), new PmoasTag(container));
            return;
        }
        using BpfIterator sockets = enrol.AttachIterator(BpfIteratorTarget.Process((uint)pid));
        sockets.Run();
    }

    /// <inheritdoc/>
    public void TagPod(ulong netnsCookie, uint podId) => _pods.Set(netnsCookie, podId);

    /// <inheritdoc/>
    public void UntagPod(ulong netnsCookie) => _pods.Remove(netnsCookie);

    /// <inheritdoc/>
    public void ShareWith(BpfObject opened)
    {
        string[] shared = [.. new[] { ContainersMap, PodsMap, SocketsMap, PairsMap, EndsMap }.Where(opened.HasMap)];
        foreach (string map in shared)
        {
            opened.Map(map).Reuse(_bpf.Map(map));
        }

        if (opened.HasMap(ContainersMap))
        {
            opened.SetGlobal(CgroupV1, _cgroupV1);
        }
    }

    /// <summary>Lets go of the maps; objects that share them keep them.</summary>
    public void Dispose()
    {
        foreach (BpfLink link in _links)
        {
            link.Dispose();
        }
        _bpf.Dispose();
    }

    private static GivenIds Ids(ulong cgroupId, in NewContainer made) => new(cgroupId, made.Tag.Container, made.Tag.Pod, Encoding.ASCII.GetString(made.Id));

    private void TagNewCgroups(ILogger logger)
    {
        try
        {
            // What ends a tag comes first: no cgroup may be tagged whose end would not be seen.
            _links.Add(_bpf.Program("untag_removed_cgroup").Attach());
            _links.Add(_bpf.Program("tag_new_cgroup").Attach());
        }
        catch (BpfException e)
        {
            logger.LogWarning(
                "What a container does in its first milliseconds is not counted, for this kernel does not tell its programs of new cgroups: {Reason}", e.Message);
        }
    }
}
