// HTTP on .NET's own stack, to be run in the two containers of a test's pod:
//
//   serve ADDRESS PORT                 Kestrel; answers with the request's body
//   post URL REQUESTS CONNECTIONS      HttpClient; bodies of 0 B to 1 MiB, each compared with its answer; one line at the end
using System.Globalization;
using System.Net;
using System.Security.Cryptography;

if (args is ["serve", var address, var port])
{
    WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Parse(address), int.Parse(port, CultureInfo.InvariantCulture)));
    WebApplication app = builder.Build();
    app.MapPost("/", async context =>
    {
        context.Response.ContentLength = context.Request.ContentLength;
        await context.Request.Body.CopyToAsync(context.Response.Body);
    });
    await app.StartAsync();
    Console.WriteLine("listening");
    await app.WaitForShutdownAsync();
    return 0;
}

if (args is not ["post", var url, var requestsText, var connectionsText])
{
    return 2;
}

int requests = int.Parse(requestsText, CultureInfo.InvariantCulture), connections = int.Parse(connectionsText, CultureInfo.InvariantCulture);
using SocketsHttpHandler handler = new() { MaxConnectionsPerServer = connections };
using HttpClient client = new(handler) { Timeout = TimeSpan.FromSeconds(20) };
long bytes = 0;
await Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = connections }, async (i, stop) =>
{
    byte[] body = RandomNumberGenerator.GetBytes(i % 8 == 0 ? (i * 7919) % (1 << 20) : (i * 7919) % 5000);
    using HttpResponseMessage answer = await client.PostAsync(new Uri(url), new ByteArrayContent(body), stop);
    byte[] back = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(stop);
    if (!back.AsSpan().SequenceEqual(body))
    {
        throw new InvalidDataException($"request {i}: {body.Length} bytes sent, {back.Length} others came back");
    }

    Interlocked.Add(ref bytes, body.Length);
});
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{requests} {bytes}"));
return 0;
