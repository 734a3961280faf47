using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;

namespace Pmoas.Host.Pods.Sources.Docker;

/// <summary>
/// The questions to Docker that are needed, over its Unix socket. Each has a time limit and fails with a <see cref="SourceException"/>.
/// Thread-safe.
/// </summary>
internal sealed class DockerConnection : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // What happens inside a container, such as health checks, is of no concern.
    private static readonly string[] Followed = ["create", "start", "die", "destroy", "rename", "update"];

    private readonly string _endpoint;
    private readonly DockerClient _client;

    /// <summary>Connects at the first question.</summary>
    /// <param name="endpoint">Where it asks, as messages name it.</param>
    /// <param name="socketPath">Path of the socket.</param>
    public DockerConnection(string endpoint, string socketPath)
    {
        _endpoint = endpoint;
        IsNested = socketPath.StartsWith("/proc/", StringComparison.Ordinal);
        string escaped = string.Join('/', socketPath.Split('/').Select(Uri.EscapeDataString)); // a # would end the path
        _client = new DockerClientBuilder().WithEndpoint(new Uri("unix://" + escaped)).WithTimeout(Limit).Build();
    }

    /// <summary>True when Docker runs in another mount namespace, so its paths are not ours.</summary>
    public bool IsNested { get; }

    /// <summary>Version of the engine.</summary>
    public Task<string> VersionAsync(CancellationToken stopping) => AskAsync(
        "version", async limit => (await _client.System.GetVersionAsync(limit)).Version, stopping);

    /// <summary>All containers, those that ended too.</summary>
    public Task<IReadOnlyList<DockerContainer>> ListAsync(CancellationToken stopping) => AskAsync<IReadOnlyList<DockerContainer>>(
        "list of containers",
        async limit => [.. (await _client.Containers.ListContainersAsync(new ContainersListParameters { All = true }, limit)).Select(DockerContainer.Of)],
        stopping);

    /// <summary>The process of one container; none when it is gone.</summary>
    public Task<DockerProcess> InspectAsync(string id, CancellationToken stopping) => AskAsync(
        "inspection of a container",
        async limit =>
        {
            try
            {
                return DockerProcess.Of(await _client.Containers.InspectContainerAsync(id, limit));
            }
            catch (DockerContainerNotFoundException)
            {
                return DockerProcess.None;
            }
        },
        stopping);

    /// <summary>Calls back, from any thread, with the id of each container something happens to. Ends only with the connection.</summary>
    /// <param name="since">Events from this time on.</param>
    /// <param name="happened">Called with the container's id.</param>
    /// <param name="stopping">Ends it.</param>
    public async Task FollowEventsAsync(DateTimeOffset since, Action<string> happened, CancellationToken stopping)
    {
        ContainerEventsParameters parameters = new()
        {
            Since = since.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["type"] = new Dictionary<string, bool> { ["container"] = true },
                ["event"] = Followed.ToDictionary(name => name, _ => true),
            },
        };
        try
        {
            await _client.System.MonitorEventsAsync(parameters, new EventSink(happened), stopping);
        }
        // Whatever it was thrown by, transport or JSON: the end of the stream is all it means.
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            throw DockerFault.Ended(e, _endpoint);
        }
        stopping.ThrowIfCancellationRequested();
        throw DockerFault.Ended(cause: null, _endpoint);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<T> AskAsync<T>(string question, Func<CancellationToken, Task<T>> ask, CancellationToken stopping)
    {
        // The client's own limit ends with the head of the answer.
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(Limit);
        try
        {
            return await ask(limit.Token);
        }
        // Docker's client throws what its transport throws: from sockets, HTTP and JSON.
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            throw DockerFault.Of(e, _endpoint, question, Limit);
        }
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it calls at once and in order.</summary>
    private sealed class EventSink(Action<string> happened) : IProgress<Message>
    {
        public void Report(Message value)
        {
            if (value.Actor?.ID is { } id)
            {
                happened(id);
            }
        }
    }
}
