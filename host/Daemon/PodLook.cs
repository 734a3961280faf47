using Pmoas.Host.Health;
using Pmoas.Host.Identity;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Daemon;

/// <summary>The pods of this node as the daemon would see them, live, without telling the kernel anything.</summary>
internal sealed class PodLook : IAsyncDisposable
{
    private readonly CgroupEvents _events;
    private readonly PodWatch _watch;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    /// <summary>Begins to look; no source is asked before <see cref="SettleAsync"/>.</summary>
    /// <param name="setup">What the user set up.</param>
    /// <param name="log">Told what could not be done.</param>
    public PodLook(Setup setup, ILogger log)
    {
        var tree = CgroupTree.Detect();
        Setup = setup;
        Pods = new PodDirectory(new Untold(), tree, setup.Options.SidecarRules, TimeSpan.Zero, log, TimeProvider.System);
        _events = new CgroupEvents(tree, log);
        Sources = new SourceSet(Pods, tree, _events, log, TimeProvider.System);
        _watch = new PodWatch(Pods, _events, new LoopClock("looking at the pods", LoopClock.UsualLimit, TimeProvider.System));
        _watching = _watch.RunAsync(_stopping.Token);
    }

    /// <summary>What the user set up.</summary>
    public Setup Setup { get; }

    /// <summary>The pods and containers.</summary>
    public PodDirectory Pods { get; }

    /// <summary>Where they are learned from.</summary>
    public SourceSet Sources { get; }

    /// <summary>Starts the sources; completes when each has answered or failed, and no container waits for its name, or after the limit.</summary>
    public async Task SettleAsync(TimeSpan limit, CancellationToken stopping)
    {
        Pods.SetRules(Setup.Options.SidecarRules, new PodFilter(Setup.Options.Pods.IncludeNamespaces, Setup.Options.Pods.ExcludeNamespaces));
        await Sources.ApplyAsync(Setup.Sources(Setup.Options), Setup.Options.Pods.NamingTimeout);
        await Sources.SettledAsync(limit, stopping);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Sources.DisposeAsync();
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watch.Dispose();
        _events.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Looking is all: no tag is written.</summary>
    private sealed class Untold : IKernelIdentity
    {
        public void Tag(Container container)
        {
        }

        public void Untag(Container container)
        {
        }

        public void TagNewContainers(bool on)
        {
        }

        public GivenIds? GivenTo(ulong cgroupId) => null;

        public IReadOnlyList<GivenIds> GivenToGone() => [];

        public void TakeOver(GivenIds given)
        {
        }

        public void TagPodCgroup(ulong cgroupId, uint podId)
        {
        }

        public void Enrol(int pid, Container container)
        {
        }

        public void TagPod(ulong netnsCookie, uint podId)
        {
        }

        public void UntagPod(ulong netnsCookie)
        {
        }

        public void ShareWith(BpfObject opened)
        {
        }
    }
}
