using System.Net.Sockets;
using System.Security.Cryptography;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.SockMap;

/// <summary>Real proxies, servers and clients over accelerated sockets: what arrives is what was sent.</summary>
public sealed class ChainTests
{
    private const int Requests = 60;
    private const int Port = 9400;

    private static readonly int[] s_sizes = [64, 1024, 65_536, 1 << 20, 8 << 20];

    [Theory]
    [InlineData("haproxy", true)]
    [InlineData("haproxy", false)]
    [InlineData("nginx", true)]
    [InlineData("nginx", false)]
    public async Task bodies_of_all_sizes_pass_a_sidecar_unchanged(string sidecar, bool keepAlive)
    {
        await using AcceleratedSite site = await AcceleratedSite.StartAsync(new PodBedOptions
        {
            Sidecar = sidecar == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
            InsideConnections = keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach,
        });
        Dictionary<int, byte[]> hashes = WriteBodies(site.Bed);
        await using HostProcess daemon = await site.RunAsync();

        // The trials, over one connection where the proxy keeps it: those that it keeps stay on TCP.
        await GetAsync(site.Bed, 64, hashes, AcceleratedSite.Trials + 1, connections: 1, keepAlive);

        double before = await AcceleratedSite.SumAsync(daemon, "redirected_bytes_total", ("role", "service"));
        long bodies = 0;
        foreach (int size in s_sizes)
        {
            int requests = size > 1 << 20 ? 6 : Requests;
            await GetAsync(site.Bed, size, hashes, requests, connections: 6, keepAlive);
            bodies += (long)requests * size;
        }

        double redirected = await AcceleratedSite.SumAsync(daemon, "redirected_bytes_total", ("role", "service")) - before;
        double passed = await AcceleratedSite.SumAsync(daemon, "passed_bytes_total", ("role", "service"));
        if (keepAlive)
        {
            Assert.True(redirected > 0, $"nothing was redirected of {bodies} bytes; {passed} passed");
        }
        else
        {
            Assert.InRange(redirected + passed, bodies, (bodies * 1.2) + 1e6);
            Assert.True(redirected > bodies * 0.9, $"{redirected} of {bodies} bytes were redirected, {passed} passed");
        }
    }

    [Theory]
    [InlineData("dotnet", "dotnet")]
    [InlineData("node", "node")]
    [InlineData("dotnet", "node")]
    public async Task other_event_loops_get_back_what_they_sent(string client, string server)
    {
        await using AcceleratedSite site = await AcceleratedSite.StartAsync();
        await using HostProcess daemon = await site.RunAsync();
        using BedContainer serve = BedContainer.Start(
            "serve", new ContainerCommand("", [.. Program(server), "serve", "127.0.0.1", $"{Port}"]), site.Bed.PodNetns, site.Bed.Service.CgroupPath, site.Bed.Plan.Directory);
        await daemon.UntilAsync(() => Task.FromResult(serve.LogTail().StartsWith("listening", StringComparison.Ordinal)), "the server listens");

        await PostAsync(site.Bed, client, requests: 200, connections: 40); // the trials
        string did = await PostAsync(site.Bed, client, requests: 1000, connections: 8);

        long bytes = long.Parse(did.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        double redirected = await AcceleratedSite.SumAsync(daemon, "redirected_bytes_total");
        Assert.StartsWith("1000 ", did, StringComparison.Ordinal);
        Assert.True(redirected > 2 * bytes, $"{redirected} bytes redirected of {bytes} each way; {await daemon.MetricsAsync()}");
        _ = Signals.Send(serve.Pid, Signals.Kill);
        await serve.ReapAsync();
    }

    private static string[] Program(string kind) => kind == "node"
        ? [Executable.Find("node"), Path.Combine(AppContext.BaseDirectory, "SockMap", "http-pair.js")]
        : [Built.HttpPair];

    private static async Task<string> PostAsync(PodBed bed, string client, int requests, int connections)
    {
        using BedContainer post = BedContainer.Start(
            "post", new ContainerCommand("", [.. Program(client), "post", $"http://127.0.0.1:{Port}/", $"{requests}", $"{connections}"]), bed.PodNetns, bed.Sidecar.CgroupPath, bed.Plan.Directory);
        await post.ReapAsync();
        Assert.True(post.ExitCode == 0, $"{client} ended with {post.ExitCode}: {post.LogTail()}");
        return post.LogTail();
    }

    private static Dictionary<int, byte[]> WriteBodies(PodBed bed)
    {
        Directory.CreateDirectory(Path.Combine(bed.Plan.Directory, "bodies"));
        return s_sizes.ToDictionary(size => size, size =>
        {
            byte[] body = RandomNumberGenerator.GetBytes(size);
            File.WriteAllBytes(Path.Combine(bed.Plan.Directory, "bodies", $"{size}"), body);
            return SHA256.HashData(body);
        });
    }

    /// <summary>Gets one body so many times from outside the pod, through the sidecar, and compares its hash.</summary>
    private static async Task GetAsync(PodBed bed, int size, Dictionary<int, byte[]> hashes, int requests, int connections, bool keepAlive)
    {
        using SocketsHttpHandler handler = new()
        {
            MaxConnectionsPerServer = connections,
            ConnectCallback = async (context, stop) =>
            {
                Socket socket = await bed.ClientNetns.RunAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(context.DnsEndPoint, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using HttpClient http = new(handler) { Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        await Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = connections }, async (_, stop) =>
        {
            byte[] body = await http.GetByteArrayAsync(new Uri(bed.SidecarUrl, $"/bodies/{size}"), stop);
            Assert.Equal(hashes[size], SHA256.HashData(body));
        });
    }
}
