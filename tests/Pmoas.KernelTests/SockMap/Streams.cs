using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.SockMap;

/// <summary>What one run of <c>programs/stream.c</c> says it did.</summary>
internal sealed record StreamResult(long Connections, long SentBytes, long ReceivedBytes, long StoppedAt);

/// <summary>Runs of <c>programs/stream.c</c> in containers of the bed: both ends compare every byte.</summary>
internal sealed class Streams(PodBed bed) : IAsyncDisposable
{
    /// <summary>What the connecting end sends first on every connection, beyond what it counts.</summary>
    internal const int WishBytes = 32;

    private static int s_runs;

    private readonly List<BedContainer> _servers = [];

    /// <summary>A server in the service's container; returns when it listens.</summary>
    internal Task ServeAsync(string address, int port) => ServeAsync(bed.Service, address, port);

    /// <summary>A server in a container.</summary>
    internal async Task ServeAsync(BedContainer container, string address, int port)
    {
        BedContainer server = Start(container.CgroupPath, bed.PodNetns, "serve", address, Text(port));
        _servers.Add(server);
        var limit = Patience.Of(TimeSpan.FromSeconds(15));
        for (long end = Environment.TickCount64 + (long)limit.TotalMilliseconds; !server.LogTail().StartsWith("listening", StringComparison.Ordinal); await Task.Delay(10))
        {
            server.ThrowIfEnded();
            Assert.True(Environment.TickCount64 < end, $"the server does not listen after {limit.TotalSeconds} s");
        }
    }

    /// <summary>Runs the connecting end in the sidecar's container, to its good end.</summary>
    internal Task<StreamResult> RunAsync(string kind, string address, int port, long connections, long bytes, long seed = 1) =>
        RunAsync(bed.Sidecar, kind, address, port, connections, bytes, seed);

    /// <summary>Runs it in a container.</summary>
    internal Task<StreamResult> RunAsync(BedContainer container, string kind, string address, int port, long connections, long bytes, long seed = 1) =>
        RunAsync(container.CgroupPath, bed.PodNetns, kind, address, port, connections, bytes, seed);

    /// <summary>Runs it outside the pod, in a cgroup that nobody watches.</summary>
    internal Task<StreamResult> RunOutsideAsync(string kind, string address, int port, long connections, long bytes, long seed = 1)
    {
        string pod = Path.GetDirectoryName(bed.Service.CgroupPath)!;
        PodCgroups.Create(pod, $"{pod}/outside");
        return RunAsync($"{pod}/outside", bed.ClientNetns, kind, address, port, connections, bytes, seed);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (BedContainer server in _servers)
        {
            _ = Signals.Send(server.Pid, Signals.Kill);
            await server.ReapAsync();
            server.Dispose();
        }
    }

    private async Task<StreamResult> RunAsync(string cgroup, NamedNetns netns, string kind, string address, int port, long connections, long bytes, long seed)
    {
        using BedContainer run = Start(cgroup, netns, kind, address, Text(port), Text(connections), Text(bytes), Text(seed));
        await run.ReapAsync();
        Assert.True(run.ExitCode == 0, $"{kind} ended with {run.ExitCode}: {run.LogTail()}; servers: {string.Join("; ", _servers.Select(server => server.LogTail()))}");
        long[] numbers = [.. run.LogTail().Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        return new StreamResult(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    private BedContainer Start(string cgroup, NamedNetns netns, params string[] arguments) => BedContainer.Start(
        $"stream{Interlocked.Increment(ref s_runs)}", new ContainerCommand("", [Path.Combine(AppContext.BaseDirectory, "programs", "stream"), .. arguments]), netns, cgroup, bed.Plan.Directory);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
