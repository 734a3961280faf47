using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Host.Pods.Sources.Cri;

/// <summary>
/// The calls of the Container Runtime Interface that are needed, over a runtime's Unix socket. Each has a deadline and fails with a
/// <see cref="SourceException"/>. Thread-safe.
/// </summary>
internal sealed class CriConnection : IDisposable
{
    private const int LargestAnswer = 64 << 20; // 4 MB, the default, is reached at some 1 000 containers
    private static readonly TimeSpan ListLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(2);

    private readonly string _endpoint;
    private readonly Func<string?> _socketPath;
    private readonly SocketsHttpHandler _handler;
    private readonly GrpcChannel _channel;
    private readonly RuntimeService.RuntimeServiceClient _client;
    private volatile string _path = "";

    /// <summary>Connects at the first call.</summary>
    /// <param name="endpoint">Where it asks, as messages name it.</param>
    /// <param name="socketPath">Path of the socket as it can be reached now; null when it is not there.</param>
    public CriConnection(string endpoint, Func<string?> socketPath)
    {
        (_endpoint, _socketPath) = (endpoint, socketPath);
        _handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = ConnectAsync, ActivityHeadersPropagator = null };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = _handler,
            MaxReceiveMessageSize = LargestAnswer,
            MaxRetryAttempts = 1,
        });
        _client = new RuntimeService.RuntimeServiceClient(_channel);
    }

    /// <summary>True when the runtime runs in another mount namespace, so its paths are not ours.</summary>
    public bool IsNested => _path.StartsWith("/proc/", StringComparison.Ordinal);

    /// <summary>Which runtime it is.</summary>
    public async Task<VersionResponse> VersionAsync(CancellationToken stopping)
    {
        try
        {
            return await _client.VersionAsync(new VersionRequest(), Within(StatusLimit, stopping));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw CriFault.NoService(_endpoint, await SpeaksOldAsync(stopping));
        }
        catch (RpcException e)
        {
            throw Fault(e, "Version", StatusLimit, stopping);
        }
    }

    /// <summary>All containers, those that ended too.</summary>
    public async Task<IReadOnlyList<Container>> ListContainersAsync(CancellationToken stopping)
    {
        try
        {
            return (await _client.ListContainersAsync(new ListContainersRequest(), Within(ListLimit, stopping))).Containers;
        }
        catch (RpcException e)
        {
            throw Fault(e, "ListContainers", ListLimit, stopping);
        }
    }

    /// <summary>All sandboxes, those that ended too.</summary>
    public async Task<IReadOnlyList<PodSandbox>> ListSandboxesAsync(CancellationToken stopping)
    {
        try
        {
            return (await _client.ListPodSandboxAsync(new ListPodSandboxRequest(), Within(ListLimit, stopping))).Items;
        }
        catch (RpcException e)
        {
            throw Fault(e, "ListPodSandbox", ListLimit, stopping);
        }
    }

    /// <summary>What the runtime tells beyond the API; empty when the container is gone, or its status cannot be told.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string container, CancellationToken stopping)
    {
        try
        {
            ContainerStatusRequest request = new() { ContainerId = container, Verbose = true };
            return (await _client.ContainerStatusAsync(request, Within(StatusLimit, stopping))).Info.AsReadOnly();
        }
        catch (RpcException e) when (IsOfOne(e, stopping))
        {
            return PodSpec.NoLabels;
        }
        catch (RpcException e)
        {
            throw Fault(e, "ContainerStatus", StatusLimit, stopping);
        }
    }

    /// <summary>Address of a sandbox; empty on the host's network, when the sandbox is gone, or its status cannot be told.</summary>
    public async Task<string> AddressAsync(string sandbox, CancellationToken stopping)
    {
        try
        {
            PodSandboxStatusRequest request = new() { PodSandboxId = sandbox };
            return (await _client.PodSandboxStatusAsync(request, Within(StatusLimit, stopping))).Status?.Network?.Ip ?? "";
        }
        catch (RpcException e) when (IsOfOne(e, stopping))
        {
            return "";
        }
        catch (RpcException e)
        {
            throw Fault(e, "PodSandboxStatus", StatusLimit, stopping);
        }
    }

    /// <summary>Calls back for each event until the stream ends.</summary>
    /// <exception cref="RpcException">The stream broke, or the runtime has none.</exception>
    public async Task FollowEventsAsync(Action happened, CancellationToken stopping)
    {
        using AsyncServerStreamingCall<ContainerEventResponse> call = _client.GetContainerEvents(new GetEventsRequest(), cancellationToken: stopping);
        while (await call.ResponseStream.MoveNext(stopping))
        {
            happened();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
    }

    private static CallOptions Within(TimeSpan limit, CancellationToken stopping) => new(deadline: DateTime.UtcNow + limit, cancellationToken: stopping);

    /// <summary>True when one container or sandbox is at fault, such as a shim that hangs, and not the runtime.</summary>
    private static bool IsOfOne(RpcException e, CancellationToken stopping) => !stopping.IsCancellationRequested && e.StatusCode is
        StatusCode.NotFound or StatusCode.Unknown or StatusCode.DeadlineExceeded or StatusCode.FailedPrecondition;

    private Exception Fault(RpcException e, string call, TimeSpan limit, CancellationToken stopping) =>
        stopping.IsCancellationRequested ? new OperationCanceledException(stopping) : CriFault.Of(e, _endpoint, call, limit);

    /// <summary>True when the runtime knows the API's version before v1.</summary>
    private async Task<bool> SpeaksOldAsync(CancellationToken stopping)
    {
        Method<VersionRequest, VersionResponse> old = new(
            MethodType.Unary, "runtime.v1alpha2.RuntimeService", "Version",
            Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, VersionRequest.Parser.ParseFrom),
            Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, VersionResponse.Parser.ParseFrom));
        try
        {
            await _channel.CreateCallInvoker().AsyncUnaryCall(old, host: null, Within(StatusLimit, stopping), new VersionRequest());
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancelled)
    {
        string path = _socketPath() ?? throw SocketFault.Missing("cri", _endpoint);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancelled);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        _path = path;
        return new NetworkStream(socket, ownsSocket: true);
    }
}
