using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Pmoas.FakeKubernetes;

/// <summary>One client's watch: what is to be sent waits in a queue, and is sent by the request's own thread.</summary>
internal sealed class FakeWatch(FakeKubernetesApi api, FakeSelector selector, bool wantsBookmarks)
{
    private readonly Channel<Step> _steps = Channel.CreateUnbounded<Step>();

    /// <summary>Sends an event, if it is of a pod that is watched. From any thread; returns at once.</summary>
    public void Tell(FakeEvent one)
    {
        if (one.For(selector) is var (type, pod))
        {
            Send(Line(type, pod));
        }
    }

    /// <summary>Sends a bookmark, if the client wants such.</summary>
    public void Bookmark(long version)
    {
        if (wantsBookmarks)
        {
            Send(Line("BOOKMARK", new JsonObject
            {
                ["kind"] = "Pod",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null },
            }));
        }
    }

    /// <summary>Sends the end of the watch as an event, and ends it.</summary>
    public void Error(int code, string reason, string message)
    {
        Send(Line("ERROR", JsonNode.Parse(FakeStatus.Json(code, reason, message))!.AsObject()));
        End();
    }

    /// <summary>Sends any text.</summary>
    public void Send(string text) => _steps.Writer.TryWrite(new Step(Encoding.UTF8.GetBytes(text), Aborts: false));

    /// <summary>Ends it as a server does when its time is over.</summary>
    public void End() => _steps.Writer.TryComplete();

    /// <summary>Cuts the connection.</summary>
    public void Abort() => _steps.Writer.TryWrite(new Step([], Aborts: true));

    /// <summary>Sends what there is until it ends, the time is over or the client is gone.</summary>
    public async Task RunAsync(HttpContext context, TimeSpan time)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        over.CancelAfter(time);
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        try
        {
            await foreach (Step step in _steps.Reader.ReadAllAsync(over.Token))
            {
                if (step.Aborts)
                {
                    context.Abort();
                    return;
                }
                if (api.IsSilent)
                {
                    api.Traffic.CountLost();
                }
                else
                {
                    await WriteAsync(context.Response, step.Bytes, context.RequestAborted);
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
        }
    }

    private static string Line(string type, JsonObject what) => $"{{\"type\":\"{type}\",\"object\":{what.ToJsonString()}}}\n";

    private async Task WriteAsync(HttpResponse response, byte[] bytes, CancellationToken gone)
    {
        (int size, TimeSpan pause) = api.Trickle ?? (bytes.Length, TimeSpan.Zero);
        for (int at = 0; at < bytes.Length; at += size)
        {
            await response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), gone);
            await response.Body.FlushAsync(gone);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, gone);
            }
        }
    }

    private readonly record struct Step(byte[] Bytes, bool Aborts);
}
