using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Pods.Sources;
using Pmoas.Host.Pods.Sources.Docker;

namespace Pmoas.Tests.Pods.Sources.Docker;

public sealed class DockerSourceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-docker-").FullName;

    // A path as odd as a path may be.
    private string Socket => Path.Combine(Directory.CreateDirectory(Path.Combine(_directory, "a b#%41?")).FullName, "docker.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task a_socket_that_is_missing_or_refuses_is_told()
    {
        const string Missing = "there is no socket at here: start the container runtime, or name its socket in [sources.docker] endpoints.";
        Assert.Equal(Missing, await FaultAsync(null));
        Assert.Equal(Missing, await FaultAsync(Socket));
        using Socket bound = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bound.Bind(new UnixDomainSocketEndPoint(Socket));
        Assert.Equal("nobody listens at here, the container runtime has ended: start it again.", await FaultAsync(Socket));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{garbage", "what here answered to the ")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "what here answered to the ")]
    [InlineData("HTTP/1.1 503 Unavailable\r\nContent-Length: 9\r\n\r\nstarting.", "Docker at here refused the ")]
    public async Task what_is_not_Dockers_answer_is_told(string answer, string fault)
    {
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(new UnixDomainSocketEndPoint(Socket));
        server.Listen();
        using CancellationTokenSource end = new();
        Task answering = AnswerAsync(server, answer, end.Token);
        Assert.StartsWith(fault, await FaultAsync(Socket), StringComparison.Ordinal);
        await end.CancelAsync();
        await answering;
    }

    private static async Task<string> FaultAsync(string? path)
    {
        DockerSource source = new("here", () => path, NullLogger.Instance, TimeProvider.System);
        Task run = source.RunAsync(new PublishedPods(), TestContext.Current.CancellationToken);
        return (await Assert.ThrowsAsync<SourceException>(() => run.WaitAsync(TimeSpan.FromSeconds(20)))).Message;
    }

    private static async Task AnswerAsync(Socket server, string answer, CancellationToken end)
    {
        try
        {
            while (true)
            {
                using Socket client = await server.AcceptAsync(end);
                await client.ReceiveAsync(new byte[4096], end);
                await client.SendAsync(Encoding.ASCII.GetBytes(answer), end);
            }
        }
        catch (OperationCanceledException)
        {
            // as asked
        }
    }
}
