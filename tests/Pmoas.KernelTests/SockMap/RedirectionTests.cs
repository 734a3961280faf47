using Pmoas.Host.Plugins;

namespace Pmoas.KernelTests.SockMap;

/// <summary>Redirected connections behave as TCP's do: every byte in its place, every end as it should be.</summary>
public sealed class RedirectionTests
{
    private const string Address = "127.0.0.1";
    private const int MiB = 1 << 20;

    [Fact]
    public async Task two_gigabytes_both_ways_over_sixteen_connections_have_no_wrong_byte()
    {
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();

        StreamResult did = await pod.Streams.RunAsync("bulk", Address, Accelerated.Port, 16, 64 * MiB);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(16L * 64 * MiB, did.SentBytes);
        Assert.Equal(16L * 64 * MiB, did.ReceivedBytes);
        Assert.Equal(did.SentBytes + (16 * Streams.WishBytes), s.Sidecar("sock_map_redirected_bytes_total") + s.Sidecar("sock_map_passed_bytes_total"));

        // How much depends on who is faster: a writer that reached the bound stays on TCP until its reader has caught up.
        Assert.True(s.Sidecar("sock_map_redirected_bytes_total") > did.SentBytes / 20, s.ToString());
    }

    [Theory]
    [InlineData("half", 100, Traits = ["kernel", "every"])]
    [InlineData("pending", 100)]
    [InlineData("reset", 100)]
    public async Task an_end_is_as_with_TCP(string kind, int connections)
    {
        Assert.SkipWhen(KernelVersion.Current < new Version(6, 12), "before 6.12 the self-test finds FIONREAD broken, and nothing is redirected");
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();

        StreamResult did = await pod.Streams.RunAsync(kind, Address, Accelerated.Port, connections, kind == "reset" ? 0 : 200_000, 0);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(connections, did.Connections);
        Assert.True(s.Sidecar("sock_map_enrolled_pairs_total") == connections, s.ToString());
    }

    [Fact]
    public async Task a_reader_that_stops_stops_its_writer_within_the_bound()
    {
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();

        StreamResult did = await pod.Streams.RunAsync("stopped", Address, Accelerated.Port, 1, 64 * MiB);

        Numbers s = await pod.ScrapeAtRestAsync();

        // 16 MiB redirected, then what TCP's two socket buffers hold.
        Assert.InRange(did.StoppedAt, 16 * MiB, 16 * MiB + 12 * MiB);
        Assert.Equal(64 * MiB, did.SentBytes);
        Assert.True(s.Sidecar("sock_map_passed_messages_total", ("reason", "bound")) > 0, s.ToString());
    }

    /// <summary>The kernel charges what waits to the reader, and fails the writer's send with ENOMEM when the reader's container is full.</summary>
    [Theory]
    [InlineData(1, 8, 24)]
    [InlineData(16, 48, 96)]
    public async Task readers_that_stop_in_a_container_of_little_memory_do_not_make_their_writers_fail(int connections, int limitV1, int limitV2)
    {
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();
        string service = pod.Bed.Service.CgroupPath, v1 = $"/sys/fs/cgroup/memory{service}/memory.kmem.tcp.limit_in_bytes";
        bool isV1 = File.Exists(v1);
        await File.WriteAllTextAsync(isV1 ? v1 : $"/sys/fs/cgroup{service}/memory.max", $"{(isV1 ? limitV1 : limitV2) * MiB}");

        StreamResult did = await pod.Streams.RunAsync("stopped", Address, Accelerated.Port, connections, 60 * MiB);

        await pod.ScrapeAtRestAsync();
        Assert.Equal(connections * 60L * MiB, did.SentBytes);
    }

    [Fact]
    public async Task five_thousand_short_connections_leave_nothing_in_the_maps()
    {
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();

        StreamResult did = await pod.Streams.RunAsync("short", Address, Accelerated.Port, 5000, 8);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(5000, did.Connections);
        Assert.True(s.Sidecar("sock_map_enrolled_pairs_total") == 5000, s.ToString());
        Assert.Equal(0, pod.EntriesOf("handshakes"));
    }

    [Fact]
    public async Task a_container_that_splices_is_found_in_its_first_connections_and_left_alone()
    {
        await using Accelerated pod = await Accelerated.StartAsync();

        await pod.Streams.RunAsync("splice", Address, Accelerated.Port, 5, 100_000);
        StreamResult did = await pod.Streams.RunAsync("splice", Address, Accelerated.Port, 100, 100_000);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(100, did.Connections);
        Assert.Equal(0, s.Sum("sock_map_enrolled_pairs_total"));
        Assert.Equal(105, s.Sidecar("sock_map_refused_pairs_total", ("reason", "trial")) + s.Sidecar("sock_map_refused_pairs_total", ("reason", "splice")));
        Assert.True(s.Sidecar("sock_map_refused_pairs_total", ("reason", "splice")) >= 100, s.ToString());
    }

    [Fact]
    public async Task a_container_that_reads_blocking_is_found_in_its_first_connections_and_left_alone()
    {
        await using Accelerated pod = await Accelerated.StartAsync();

        await pod.Streams.RunAsync("blocking", Address, Accelerated.Port, 5, 10, 100);
        StreamResult did = await pod.Streams.RunAsync("blocking", Address, Accelerated.Port, 100, 10, 100);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(100, did.Connections);
        Assert.Equal(0, s.Sum("sock_map_enrolled_pairs_total"));
        Assert.True(s.Sidecar("sock_map_refused_pairs_total", ("reason", "blocking")) >= 100, s.ToString());
    }

    [Fact]
    public async Task a_service_that_streams_small_messages_is_left_alone_from_then_on()
    {
        await using Accelerated pod = await Accelerated.StartAsync();
        await pod.PassTrialsAsync();

        await pod.Streams.RunAsync("small", Address, Accelerated.Port, 1, 1000, 100);
        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(1, s.Sidecar("sock_map_enrolled_pairs_total"));
        Assert.Equal(1, s.Sum("sock_map_opted_out_services_total"));

        await pod.Streams.RunAsync("short", Address, Accelerated.Port, 10, 1);
        s = await pod.ScrapeAtRestAsync();
        Assert.Equal(10, s.Sidecar("sock_map_refused_pairs_total", ("reason", "opted_out")));
    }
}
