using System.Net.Sockets;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Pmoas.Beds.Cri;

namespace Pmoas.Beds.Containerd;

/// <summary>A kubelet's line to a runtime: CRI by gRPC over a Unix socket. Goes on after the runtime was restarted. Any thread.</summary>
internal sealed class CriClient : IDisposable
{
    private readonly GrpcChannel _channel;

    /// <param name="socketPath">Where the runtime listens; need not exist yet.</param>
    internal CriClient(string socketPath)
    {
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    try
                    {
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            },
        });
        Runtime = new RuntimeService.RuntimeServiceClient(_channel);
        Images = new ImageService.ImageServiceClient(_channel);
    }

    internal RuntimeService.RuntimeServiceClient Runtime { get; }

    internal ImageService.ImageServiceClient Images { get; }

    /// <summary>The runtime is up.</summary>
    internal async Task<bool> AnswersAsync()
    {
        try
        {
            return (await Runtime.VersionAsync(new VersionRequest())).RuntimeApiVersion == "v1";
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.Unknown or StatusCode.Unimplemented or StatusCode.Internal)
        {
            return false;
        }
    }

    /// <summary>Returns when the runtime knows all these images: it learns of imported ones a moment later.</summary>
    /// <exception cref="BedException">One does not appear.</exception>
    internal async Task UntilImagesAsync(IEnumerable<string> references, CancellationToken cancellation)
    {
        const int Attempts = 1000;
        foreach (string reference in references)
        {
            ImageStatusRequest request = new() { Image = new ImageSpec { Image = reference } };
            for (int attempt = 0; (await Images.ImageStatusAsync(request, cancellationToken: cancellation)).Image is null; attempt++)
            {
                if (attempt == Attempts)
                {
                    throw new BedException($"The runtime does not show image {reference} after its import: import the archive by `ctr images import`.");
                }

                await Task.Delay(5, cancellation);
            }
        }
    }

    /// <summary>Id of a container's first process as the runtime tells it, in the runtime's own PID namespace; 0 when it has ended.</summary>
    internal async Task<int> PidAsync(string containerId)
    {
        ContainerStatusResponse response = await Runtime.ContainerStatusAsync(new ContainerStatusRequest { ContainerId = containerId, Verbose = true });
        using JsonDocument info = JsonDocument.Parse(response.Info["info"]);
        return info.RootElement.GetProperty("pid").GetInt32();
    }

    /// <summary>A container as the runtime tells it.</summary>
    internal async Task<ContainerStatus> StatusAsync(string containerId) =>
        (await Runtime.ContainerStatusAsync(new ContainerStatusRequest { ContainerId = containerId })).Status;

    /// <summary>Returns a container's exit code when it has ended.</summary>
    internal async Task<int> UntilExitedAsync(string containerId, CancellationToken cancellation = default)
    {
        ContainerStatus status;
        while ((status = await StatusAsync(containerId)).State != ContainerState.ContainerExited)
        {
            await Task.Delay(10, cancellation);
        }

        return status.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();
}
