using System.Collections.Concurrent;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>Writes down what the kernel would be told, one line a call.</summary>
internal sealed class RecordingIdentity : IKernelIdentity
{
    private readonly ConcurrentQueue<string> _calls = new();

    public Dictionary<ulong, Container> Tags { get; } = [];

    public Dictionary<ulong, uint> Pods { get; } = [];

    public List<int> Enrolled { get; } = [];

    public void Tag(Container container)
    {
        Tags[container.CgroupId] = container;
        _calls.Enqueue($"tag {container.CgroupPath} #{container.Id} pod {container.PodId} {container.Role}");
    }

    public void Untag(Container container)
    {
        Assert.True(Tags.Remove(container.CgroupId));
        _calls.Enqueue($"untag {container.CgroupPath} #{container.Id}");
    }

    public void Enrol(int pid)
    {
        Enrolled.Add(pid);
        _calls.Enqueue($"enrol {pid}");
    }

    public void TagPod(ulong netnsCookie, uint podId) => Pods[netnsCookie] = podId;

    public void UntagPod(ulong netnsCookie) => Assert.True(Pods.Remove(netnsCookie));

    public void ShareWith(BpfObject opened) => throw new NotSupportedException();

    /// <summary>The calls since it was last asked.</summary>
    public string[] Calls()
    {
        string[] calls = [.. _calls];
        _calls.Clear();
        return calls;
    }
}
