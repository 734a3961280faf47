using System.Collections.Concurrent;
using Docker.DotNet.Models;
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
    private const int QuestionsAtOnce = 8;

    private readonly LookTimes _looks = new(time);

    /// <inheritdoc/>
    public string Name => "docker";

    /// <inheritdoc/>
    public string Endpoint => endpoint;

    /// <inheritdoc/>
    public async Task RunAsync(ISourceOutlet outlet, CancellationToken stopping)
    {
        string path = socketPath() ?? throw SocketFault.Missing("docker", endpoint);
        using DockerConnection docker = new(endpoint, path);
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
            await await Task.WhenAny(looks, events);
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(looks, events).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookAsync(DockerConnection docker, ConcurrentDictionary<string, bool> changed, ISourceOutlet outlet, CancellationToken stopping)
    {
        Dictionary<string, DockerContainer> known = [];
        IReadOnlyList<PodSpec>? told = null;
        _looks.Restart();
        while (true)
        {
            await _looks.WaitAsync(stopping);
            foreach (string id in changed.Keys)
            {
                changed.TryRemove(id, out _);
                known.Remove(id);
            }
            await LearnAsync(docker, known, await docker.ListAsync(stopping), stopping);
            IReadOnlyList<PodSpec> pods = DockerPods.Of(known.Values);
            if (told is not null && PodList.IsSame(told, pods))
            {
                outlet.Alive();
            }
            else
            {
                told = pods;
                outlet.Publish(pods);
            }
        }
    }

    /// <summary>Inspects the containers that are new, or in another state than when they were inspected; forgets those that are gone.</summary>
    private async Task LearnAsync(
        DockerConnection docker, Dictionary<string, DockerContainer> known, IReadOnlyList<ContainerListResponse> listed, CancellationToken stopping)
    {
        Dictionary<string, string> states = listed.ToDictionary(one => one.ID, one => one.State ?? "");
        foreach (string id in known.Where(one => !states.TryGetValue(one.Key, out string? state) || state != one.Value.State).Select(one => one.Key).ToArray())
        {
            known.Remove(id);
        }
        string[] unknown = [.. states.Keys.Where(id => !known.ContainsKey(id))];
        ConcurrentBag<DockerContainer> found = [];
        await Parallel.ForEachAsync(
            unknown, new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = stopping }, async (id, _) =>
        {
            if (await docker.InspectAsync(id, stopping) is { } container)
            {
                found.Add(docker.IsNested ? container : container with { CgroupPath = CgroupPath(container) });
            }
        });
        foreach (DockerContainer container in found)
        {
            known[container.Id] = container;
        }
    }

    /// <summary>The cgroup of the first process, when it bears the container's id: the process may have ended, its number be another's.</summary>
    private string CgroupPath(DockerContainer container) => container.Pid > 0 && cgroups?.OfProcess(container.Pid) is { } path
        && ContainerCgroup.Parse(path)?.Id == container.Id ? path : "";
}
