using Pmoas.KernelTests.SockMap;

namespace Pmoas.EndToEnd.SockMap;

/// <summary>Many bytes and many connections through everything that happens to a daemon. Both ends compare every byte.</summary>
public sealed class LongRunTests
{
    private const string Address = "127.0.0.1";
    private const int Port = 9400;
    private const int Connections = 16;
    private const long BytesEachWay = 800L << 20;

    [Fact]
    public async Task twenty_five_gigabytes_survive_a_switch_a_plugin_restart_and_a_killed_daemon()
    {
        await using AcceleratedSite site = await AcceleratedSite.StartAsync();
        await using Streams streams = new(site.Bed);
        await streams.ServeAsync(Address, Port);
        HostProcess daemon = await site.RunAsync();
        try
        {
            await streams.RunAsync("short", Address, Port, AcceleratedSite.Trials, 1);
            Task<StreamResult> bulk = streams.RunAsync("bulk", Address, Port, Connections, BytesEachWay);
            await daemon.UntilAsync(async () => await AcceleratedSite.SumAsync(daemon, "redirected_bytes_total") > 100 << 20, "100 MiB are redirected");
            await daemon.UntilAsync(async () => await AcceleratedSite.SumAsync(daemon, "open_pairs") == Connections, "all connections are pairs");

            // Off and on again: the connections go on as they are, new ones go by TCP at once.
            site.Write(AcceleratedSite.Off);
            await daemon.UntilMetricAsync("pmoas_sock_map_enabled 0");
            await streams.RunAsync("short", Address, Port, 200, 2);
            site.Write(AcceleratedSite.On);
            await daemon.UntilMetricAsync("pmoas_sock_map_enabled 1");
            await streams.RunAsync("short", Address, Port, 200, 2);

            // The plugin learned anew; of two connections at once the second may be on trial too.
            double enrolled = await AcceleratedSite.SumAsync(daemon, "enrolled_pairs_total") - Connections;
            Assert.InRange(enrolled, 200 - AcceleratedSite.Trials - 1, 200 - AcceleratedSite.Trials);
            Assert.False(bulk.IsCompleted, "the long connections ended too soon to see the daemon killed");

            daemon.Signal("KILL");
            Assert.Equal(137, await daemon.ExitAsync());
            await streams.RunAsync("short", Address, Port, 200, 2);
            await daemon.DisposeAsync();
            daemon = await site.RunAsync();
            await streams.RunAsync("short", Address, Port, 200, 2);

            StreamResult did = await bulk;
            Assert.Equal((Connections, Connections * BytesEachWay, Connections * BytesEachWay), (did.Connections, did.SentBytes, did.ReceivedBytes));
            await daemon.UntilAsync(async () => await AcceleratedSite.SumAsync(daemon, "open_pairs") == 0, "no pair is open");
        }
        finally
        {
            await daemon.DisposeAsync();
        }
    }

    [Fact]
    public async Task of_a_hundred_thousand_short_connections_none_is_lost()
    {
        const int Short = 100_000;
        await using AcceleratedSite site = await AcceleratedSite.StartAsync();
        await using Streams streams = new(site.Bed);
        await streams.ServeAsync(Address, Port);
        await using HostProcess daemon = await site.RunAsync();
        await streams.RunAsync("short", Address, Port, AcceleratedSite.Trials, 1);

        StreamResult did = await streams.RunAsync("short", Address, Port, Short, 8);

        Assert.Equal(Short, did.Connections);
        await daemon.UntilAsync(async () => await AcceleratedSite.SumAsync(daemon, "open_pairs") == 0, "no pair is open");
        Assert.Equal(Short, await AcceleratedSite.SumAsync(daemon, "enrolled_pairs_total"));
        Assert.Equal(AcceleratedSite.Trials, await AcceleratedSite.SumAsync(daemon, "refused_pairs_total"));
        Assert.Equal(
            did.SentBytes + did.ReceivedBytes + (Short * Streams.WishBytes),
            await AcceleratedSite.SumAsync(daemon, "redirected_bytes_total") + await AcceleratedSite.SumAsync(daemon, "passed_bytes_total"));
        Assert.Equal(0, await AcceleratedSite.SumAsync(daemon, "lost_total"));
    }
}
