using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Proto.Collector.Trace.V1;

namespace Pmoas.FakeCollector;

/// <summary>How the collector answers.</summary>
internal enum Mood
{
    /// <summary>Takes all.</summary>
    Well,

    /// <summary>Takes nothing and says so.</summary>
    Refusing,

    /// <summary>Says nothing at all.</summary>
    Silent,
}

/// <summary>A real OTLP receiver on loopback, gRPC and HTTP, which keeps what it was sent as the public protocol definition decodes it.</summary>
internal sealed class CollectorServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<ExportTraceServiceRequest> _requests = [];
    private readonly List<string> _tokens = [];

    private CollectorServer(int grpcPort, int httpPort)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, grpcPort, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, httpPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<GrpcReceiver>();
        _app.MapPost("/v1/traces", TakeHttpAsync);
    }

    /// <summary>How it answers now.</summary>
    internal Mood Mood { get; set; }

    /// <summary>Port of gRPC.</summary>
    internal int GrpcPort { get; private set; }

    /// <summary>Port of HTTP.</summary>
    internal int HttpPort { get; private set; }

    /// <summary>Requests of any kind that came, taken or not.</summary>
    internal int Asked { get; private set; }

    /// <summary>What was taken, by the moment it came.</summary>
    internal IReadOnlyList<ExportTraceServiceRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>Values of the header <c>x-token</c> that came, one for each request that was taken.</summary>
    internal IReadOnlyList<string> Tokens
    {
        get
        {
            lock (_requests)
            {
                return [.. _tokens];
            }
        }
    }

    /// <summary>The traces that were taken, each with the spans that have its id.</summary>
    internal IReadOnlyList<ReceivedTrace> Traces => ReceivedTrace.Of(Requests);

    /// <summary>Begins to listen.</summary>
    /// <param name="grpcPort">0 for any.</param>
    /// <param name="httpPort">0 for any.</param>
    internal static async Task<CollectorServer> StartAsync(int grpcPort = 0, int httpPort = 0)
    {
        CollectorServer server = new(grpcPort, httpPort);
        await server._app.StartAsync();
        ICollection<string> addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        int[] ports = [.. addresses.Select(address => new Uri(address).Port)];
        (server.GrpcPort, server.HttpPort) = (ports[0], ports[1]);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Mood = Mood.Refusing;
        using CancellationTokenSource now = new(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task<bool> TakeAsync(ExportTraceServiceRequest request, string token, CancellationToken aborted)
    {
        lock (_requests)
        {
            Asked++;
            if (Mood == Mood.Well)
            {
                _requests.Add(request);
                _tokens.Add(token);
                return true;
            }
        }

        while (Mood == Mood.Silent)
        {
            await Task.Delay(10, aborted);
        }

        return false;
    }

    private async Task TakeHttpAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        var request = ExportTraceServiceRequest.Parser.ParseFrom(body.ToArray());
        if (context.Request.ContentType != "application/x-protobuf")
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
        }
        else if (!await TakeAsync(request, context.Request.Headers["x-token"].ToString(), context.RequestAborted))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        else
        {
            context.Response.ContentType = "application/x-protobuf";
            await context.Response.Body.WriteAsync(new ExportTraceServiceResponse().ToByteArray());
        }
    }

    private sealed class GrpcReceiver(CollectorServer server) : TraceService.TraceServiceBase
    {
        public override async Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context) =>
            await server.TakeAsync(request, context.RequestHeaders.GetValue("x-token") ?? "", context.CancellationToken)
                ? new ExportTraceServiceResponse()
                : throw new RpcException(new Status(StatusCode.Unavailable, "not today"));
    }
}
