using Grpc.Core;
using Pmoas.Host.Pods.Cgroups;
using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>
/// Pods of a container runtime that speaks the Container Runtime Interface: containerd, CRI-O, cri-dockerd. It looks when a container's
/// cgroup was made or removed, when the runtime tells of an event, and every 10 s.
/// </summary>
/// <param name="endpoint">Where it asks, as it is shown.</param>
/// <param name="socketPath">Path of the socket as it can be reached now, asked at each connection; null when it is not there.</param>
/// <param name="log">Told of what is done without.</param>
/// <param name="time">Clock of the looks.</param>
/// <param name="cgroups">Where the cgroups that a runtime names are looked up; null leaves them to others.</param>
internal sealed class CriSource(string endpoint, Func<string?> socketPath, ILogger log, TimeProvider time, CgroupTree? cgroups = null) : IPodSource
{
    private readonly LookTimes _looks = new(time);
    private volatile string _about = "";
    private bool _saidNoEvents;

    /// <inheritdoc/>
    public string Name => "cri";

    /// <inheritdoc/>
    public string Endpoint => endpoint;

    /// <inheritdoc/>
    public string About => _about;

    /// <inheritdoc/>
    public bool IsOnThisNode => true;

    /// <inheritdoc/>
    public void Nudge() => _looks.Nudge();

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        using CriConnection runtime = new(endpoint, socketPath);
        VersionResponse version = await runtime.VersionAsync(stopping);
        _about = $"{version.RuntimeName} {version.RuntimeVersion}";
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task events = FollowEventsAsync(runtime, version, ended.Token);
        try
        {
            await LookAsync(runtime, outlet, stopping);
        }
        finally
        {
            await ended.CancelAsync();
            await events;
        }
    }

    private async Task LookAsync(CriConnection runtime, ISourceOutlet outlet, CancellationToken stopping)
    {
        Dictionary<string, CriInfo> infos = [];
        Dictionary<string, string> addresses = [];
        ChangedPods changed = new(outlet);
        _looks.Restart();
        while (true)
        {
            await _looks.WaitAsync(stopping);
            // Containers first: a sandbox is made before its containers, so each of them has its own in the second list.
            IReadOnlyList<Container> containers = await runtime.ListContainersAsync(stopping);
            IReadOnlyList<PodSandbox> sandboxes = await runtime.ListSandboxesAsync(stopping);
            _looks.Listed();
            await OnceAsked.LearnAsync(
                infos, containers.Select(c => c.Id).ToHashSet(), containers.Where(c => c.State == ContainerState.ContainerRunning).Select(c => c.Id),
                async id => CriInfo.Parse(await runtime.InfoAsync(id, stopping)), stopping);
            await OnceAsked.LearnAsync(
                addresses, sandboxes.Select(s => s.Id).ToHashSet(), sandboxes.Where(s => s.State == PodSandboxState.SandboxReady).Select(s => s.Id),
                id => runtime.AddressAsync(id, stopping), stopping);
            changed.Tell(CriPods.Of(containers, sandboxes, infos, addresses, runtime.IsNested ? _ => "" : CgroupPath));
        }
    }

    /// <summary>Only a plain path that is there: what systemd's form means depends on its units, and others find that out.</summary>
    private string CgroupPath(string cgroupsPath) =>
        cgroupsPath.StartsWith('/') && !cgroupsPath.Contains(':', StringComparison.Ordinal) && cgroups?.Find(cgroupsPath) is not null ? cgroupsPath : "";

    private async Task FollowEventsAsync(CriConnection runtime, VersionResponse version, CancellationToken stopping)
    {
        string why = $"{version.RuntimeName} {version.RuntimeVersion} gives each event to one listener only, and that may be the kubelet";
        if (CriEvents.AreForEveryone(version.RuntimeName, version.RuntimeVersion))
        {
            try
            {
                await runtime.FollowEventsAsync(_looks.Soon, stopping);
                why = "the stream of events ended";
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException)
            {
                // The runtime's death also breaks the next look, which says why.
                why = e.Message;
            }
        }
        if (!_saidNoEvents && !stopping.IsCancellationRequested)
        {
            _saidNoEvents = true;
            log.LogDebug("Source cri at {Endpoint} looks when cgroups change and every {Seconds} s: {Reason}", endpoint, LookTimes.Longest.TotalSeconds, why);
        }
    }
}
