using System.Collections.Concurrent;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>Writes down what the kernel would be told, one line a call.</summary>
internal sealed class RecordingIdentity : IKernelIdentity
{
    private readonly ConcurrentQueue<string> _calls = new();

    public ConcurrentDictionary<ulong, Container> Tags { get; } = [];

    public ConcurrentDictionary<ulong, uint> Pods { get; } = [];

    public ConcurrentQueue<int> Enrolled { get; } = [];

    /// <summary>Whether <see cref="Tag"/> fails, as it does when the map is full.</summary>
    public bool Refuses { get; set; }

    public void Tag(Container container)
    {
        if (Refuses)
        {
            throw new BpfException("update pmoas_containers", 7);
        }
        Tags[container.CgroupId] = container;
        _calls.Enqueue($"tag {container.CgroupPath} #{container.Id} pod {container.PodId} {container.Role}");
    }

    public void Untag(Container container)
    {
        Assert.True(Tags.TryRemove(container.CgroupId, out _));
        _calls.Enqueue($"untag {container.CgroupPath} #{container.Id}");
    }

    /// <summary>What the kernel tagged by itself, by the cgroup's id; empty as it would be on a kernel that does not tell of cgroups.</summary>
    public ConcurrentDictionary<ulong, GivenIds> Given { get; } = [];

    /// <summary>The same, of those that are gone.</summary>
    public ConcurrentDictionary<ulong, GivenIds> GivenGone { get; } = [];

    /// <summary>Pods by the cgroup that holds those of their containers.</summary>
    public ConcurrentDictionary<ulong, uint> PodCgroups { get; } = [];

    public void TagNewContainers(bool on)
    {
    }

    public GivenIds? GivenTo(ulong cgroupId) => Given.TryGetValue(cgroupId, out GivenIds ids) ? ids : null;

    public IReadOnlyList<GivenIds> GivenToGone() => [.. GivenGone.Values];

    public void TakeOver(GivenIds given) => Assert.True(Given.TryRemove(given.CgroupId, out _) || GivenGone.TryRemove(given.CgroupId, out _));

    public void TagPodCgroup(ulong cgroupId, uint podId) => PodCgroups[cgroupId] = podId;

    public void Enrol(int pid, Container container)
    {
        Enrolled.Enqueue(pid);
        _calls.Enqueue($"enrol {pid}");
    }

    public void TagPod(ulong netnsCookie, uint podId) => Pods[netnsCookie] = podId;

    public void UntagPod(ulong netnsCookie) => Assert.True(Pods.TryRemove(netnsCookie, out _));

    public void ShareWith(BpfObject opened) => throw new NotSupportedException();

    /// <summary>The calls since it was last asked.</summary>
    public string[] Calls()
    {
        string[] calls = [.. _calls];
        _calls.Clear();
        return calls;
    }
}
