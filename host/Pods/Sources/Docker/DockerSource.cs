using System.Collections.Concurrent;
using Pmoas.Host.Pods.Cgroups;

namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>Pods of Docker's containers. It follows Docker's events, and looks every 10 s in any case.</summary>
/// <param name="endpoint">Where it asks, as it is shown.</param>
/// <param name="socketPath">Path of the socket as it can be reached now, asked at each connection; null when it is not there.</param>
/// <param name="log">Told of each connection.</param>
/// <param name="time">Clock of the looks.</param>
/// <param name="cgroups">Where the cgroups of containers are looked up; null leaves them to others.</param>
internal sealed class DockerSource(string endpoint, Func<string?> socketPath, ILogger log, TimeProvider time, CgroupTree? cgroups = null) : IPodSource
{
    private readonly LookTimes _looks = new(time);
    private volatile string _about = "";

    /// <inheritdoc/>
    public string Name => "docker";

    /// <inheritdoc/>
    public string Endpoint => endpoint;

    /// <inheritdoc/>
    public string About => _about;

    /// <inheritdoc/>
    public bool IsOnThisNode => true;

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        string path = socketPath() ?? throw SocketFault.Missing("docker", endpoint);
        using DockerConnection docker = new(endpoint, path);
        _about = $"Docker {await docker.VersionAsync(stopping)}";
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        ConcurrentDictionary<string, bool> changed = [];
        // Docker keeps its last events: those of the second before leave no gap until the stream is there.
        Task events = docker.FollowEventsAsync(time.GetUtcNow() - TimeSpan.FromSeconds(1), id =>
        {
            changed[id] = true;
            _looks.Soon();
        }, ended.Token);
        Task looks = LookAsync(docker, changed, outlet, ended.Token);
        log.LogDebug("Source docker at {Endpoint} asks {Path}", endpoint, path);
        try
        {
            if (await Task.WhenAny(looks, events) == events)
            {
                // What a look says of a Docker that has gone is plainer.
                _looks.Restart();
                await Task.WhenAny(looks, Task.Delay(TimeSpan.FromSeconds(1), time, stopping));
            }
            await (looks.IsCompleted ? looks : events);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(looks, events).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(DockerConnection docker, ConcurrentDictionary<string, bool> changed, ISourceOutlet outlet, CancellationToken stopping)
    {
        Dictionary<string, DockerProcess> known = [];
        ChangedPods pods = new(outlet);
        _looks.Restart();
        while (true)
        {
            await _looks.WaitAsync(stopping);
            foreach (string id in changed.Keys)
            {
                changed.TryRemove(id, out _);
                known.Remove(id);
            }
            IReadOnlyList<DockerContainer> containers = await docker.ListAsync(stopping);
            _looks.Listed();
            // Of one that is just starting Docker would tell only when it has started.
            HashSet<string> running = [.. containers.Where(c => c.Runs).Select(c => c.Id)];
            await OnceAsked.LearnAsync(known, running, running, id => ProcessAsync(docker, id, stopping), stopping);
            pods.Tell(DockerPods.Of([.. containers.Select(c => known.GetValueOrDefault(c.Id, DockerProcess.None).Complete(c))]));
        }
    }

    private async Task<DockerProcess> ProcessAsync(DockerConnection docker, string id, CancellationToken stopping)
    {
        DockerProcess process = await docker.InspectAsync(id, stopping);
        return docker.IsNested ? process : process with { CgroupPath = CgroupPath(id, process.Pid) };
    }

    /// <summary>The cgroup of the first process, when it bears the container's id: the process may have ended, its number be another's.</summary>
    private string CgroupPath(string id, int pid) =>
        pid > 0 && cgroups?.OfProcess(pid) is { } path && ContainerCgroup.Parse(path)?.Id == id ? path : "";
}
