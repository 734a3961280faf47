using System.Buffers.Binary;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pmoas.Host.Pods.Sources.Cri.V1;

namespace Pmoas.Tests.Pods.Sources.Cri;

/// <summary>A server of CRI for what a real runtime cannot be brought to do: gRPC by hand, over a Unix socket.</summary>
internal sealed class FakeCriRuntime : IAsyncDisposable
{
    private const int Unimplemented = 12;

    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-cri-").FullName;
    private readonly Channel<ContainerEventResponse> _events = Channel.CreateUnbounded<ContainerEventResponse>();
    private readonly WebApplication _app;
    private int _statuses;
    private int _atOnce;
    private int _mostAtOnce;

    private FakeCriRuntime()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public string Socket => Path.Combine(_directory, "containerd.sock");

    public string Version { get; set; } = "v2.0.0";

    public string Service { get; set; } = "/runtime.v1.RuntimeService/";

    public bool HasEvents { get; set; } = true;

    public bool IsSilent { get; set; }

    public ListPodSandboxResponse Sandboxes { get; set; } = new();

    public ListContainersResponse Containers { get; set; } = new();

    /// <summary>How many statuses of containers were asked for.</summary>
    public int Statuses => Volatile.Read(ref _statuses);

    /// <summary>How many at the same time at most.</summary>
    public int MostAtOnce => Volatile.Read(ref _mostAtOnce);

    public static async Task<FakeCriRuntime> StartAsync()
    {
        FakeCriRuntime runtime = new();
        await runtime._app.StartAsync();
        return runtime;
    }

    public void Tell() => _events.Writer.TryWrite(new ContainerEventResponse { ContainerId = "c" });

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        byte[] request = await ReadAsync(context.Request);
        if (IsSilent)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        context.Response.ContentType = "application/grpc";
        switch (path.StartsWith(Service, StringComparison.Ordinal) ? path[Service.Length..] : "")
        {
            case "Version":
                await WriteAsync(context, new VersionResponse { RuntimeName = "containerd", RuntimeVersion = Version });
                break;
            case "ListPodSandbox":
                await WriteAsync(context, Sandboxes);
                break;
            case "ListContainers":
                await WriteAsync(context, Containers);
                break;
            case "PodSandboxStatus":
                await WriteAsync(context, new PodSandboxStatusResponse { Status = new PodSandboxStatus { Network = new PodSandboxNetworkStatus { Ip = "10.1.2.3" } } });
                break;
            case "ContainerStatus":
                await WriteAsync(context, await StatusAsync(ContainerStatusRequest.Parser.ParseFrom(request)));
                break;
            case "GetContainerEvents" when HasEvents:
                await context.Response.StartAsync();
                await foreach (ContainerEventResponse one in _events.Reader.ReadAllAsync(context.RequestAborted))
                {
                    await WriteAsync(context, one);
                }
                break;
            default:
                context.Response.AppendTrailer("grpc-status", $"{Unimplemented}");
                return;
        }
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task<ContainerStatusResponse> StatusAsync(ContainerStatusRequest request)
    {
        Assert.True(request.Verbose);
        InterlockedMax(ref _mostAtOnce, Interlocked.Increment(ref _atOnce));
        int number = Interlocked.Increment(ref _statuses);
        await Task.Delay(1);
        Interlocked.Decrement(ref _atOnce);
        return new ContainerStatusResponse { Info = { ["info"] = $$"""{"pid":{{number}}}""" } };
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while (value > (seen = Volatile.Read(ref target)) && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using MemoryStream all = new();
        await request.Body.CopyToAsync(all);
        return all.ToArray()[5..];
    }

    private static async Task WriteAsync(HttpContext context, IMessage message)
    {
        byte[] frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.CalculateSize());
        message.WriteTo(frame.AsSpan(5));
        await context.Response.Body.WriteAsync(frame);
        await context.Response.Body.FlushAsync();
    }
}
