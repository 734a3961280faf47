using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.SockMap;

/// <summary>Which connections are redirected, each counted once.</summary>
public sealed class EnrolmentTests
{
    private const int Connections = 1000;

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("0.0.0.0", "pod")]
    public async Task a_thousand_connections_are_a_thousand_pairs_and_every_byte_is_counted(string listening, string connecting)
    {
        await using Accelerated pod = await Accelerated.StartAsync(listening, others: "[plugins.accept]\n[plugins.resource_usage]\n");
        string to = connecting == "pod" ? pod.Bed.Plan.PodIPv4 : connecting;
        await pod.PassTrialsAsync(to);
        Numbers before = await pod.ScrapeAtRestAsync();
        Assert.Equal(Accelerated.Trials, before.Sidecar("sock_map_refused_pairs_total", ("reason", "trial")));
        Assert.Equal(0, before.Sum("sock_map_enrolled_pairs_total"));

        StreamResult did = await pod.Streams.RunAsync("short", to, Accelerated.Port, Connections, 2);

        Numbers after = await pod.ScrapeAtRestAsync();
        double sent = did.SentBytes + (Connections * Streams.WishBytes);
        Assert.True(after.Sidecar("sock_map_enrolled_pairs_total") == Connections, after.ToString());
        Assert.Equal(0, after.Sum("sock_map_open_pairs"));
        Assert.Equal(sent, after.Sidecar("sock_map_redirected_bytes_total") + after.Sidecar("sock_map_passed_bytes_total"));
        Assert.Equal(did.ReceivedBytes, after.Service("sock_map_redirected_bytes_total") + after.Service("sock_map_passed_bytes_total"));
        Assert.True(after.Sum("sock_map_passed_bytes_total") < sent / 50, after.ToString());
        Assert.Equal(0, after.Sum("sock_map_lost_total"));

        Assert.Equal(sent, after.Sidecar("accept_sent_bytes_total") - before.Sidecar("accept_sent_bytes_total"));
        Assert.Equal(did.ReceivedBytes, after.Sidecar("accept_received_bytes_total") - before.Sidecar("accept_received_bytes_total"));
        Assert.Equal(sent, after.Service("accept_received_bytes_total") - before.Service("accept_received_bytes_total"));
        Assert.Equal(
            sent,
            after.Sidecar("resource_usage_network_sent_bytes_total", ("leg", "inside")) - before.Sidecar("resource_usage_network_sent_bytes_total", ("leg", "inside")));
        Assert.Equal(
            did.ReceivedBytes,
            after.Service("resource_usage_network_sent_bytes_total", ("leg", "inside")) - before.Service("resource_usage_network_sent_bytes_total", ("leg", "inside")));
    }

    [Fact]
    public async Task a_connection_that_NAT_turns_to_another_port_of_the_pod_is_a_pair()
    {
        await using Accelerated pod = await Accelerated.StartAsync("0.0.0.0");
        await Subprocess.RunAsync(
            "nsenter",
            [$"--net={pod.Bed.PodNetns.FilePath}", "iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "--dport", "15001", "-j", "REDIRECT", "--to-ports", "9400"],
            CancellationToken.None);
        await pod.PassTrialsAsync(pod.Bed.Plan.PodIPv4);

        StreamResult did = await pod.Streams.RunAsync("short", pod.Bed.Plan.PodIPv4, 15001, Connections, 1);

        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.True(s.Sidecar("sock_map_enrolled_pairs_total") == Connections, s.ToString());
        Assert.True(s.Sum("sock_map_redirected_bytes_total") > did.SentBytes, s.ToString());
    }

    [Fact]
    public async Task a_connection_from_outside_and_one_within_a_container_never_enter_the_map()
    {
        await using Accelerated pod = await Accelerated.StartAsync("0.0.0.0");
        await pod.PassTrialsAsync();

        await pod.Streams.RunOutsideAsync("short", pod.Bed.Plan.PodIPv4, Accelerated.Port, Connections, 1);
        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(0, s.Sum("sock_map_enrolled_pairs_total"));
        Assert.Equal(Accelerated.Trials, s.Sum("sock_map_refused_pairs_total"));

        await pod.Streams.RunAsync(pod.Bed.Service, "short", "127.0.0.1", Accelerated.Port, Connections, 1);
        s = await pod.ScrapeAtRestAsync();
        Assert.Equal(0, s.Sum("sock_map_enrolled_pairs_total"));
        Assert.Equal(Connections, s.Service("sock_map_refused_pairs_total", ("reason", "roles")));
    }

    [Fact]
    public async Task a_port_that_is_excluded_and_a_pod_that_is_not_included_stay_on_TCP()
    {
        await using Accelerated pod = await Accelerated.StartAsync(options: "control_percent = 0\nexclude_ports = [9400]");
        await pod.Streams.ServeAsync("127.0.0.1", 9401);
        await pod.Streams.RunAsync("short", "127.0.0.1", Accelerated.Port, 100, 1);
        await pod.Streams.RunAsync("short", "127.0.0.1", 9401, 100, 1);
        Numbers s = await pod.ScrapeAtRestAsync();
        Assert.Equal(100, s.Sidecar("sock_map_refused_pairs_total", ("reason", "scope")));
        Assert.Equal(100 - Accelerated.Trials, s.Sidecar("sock_map_enrolled_pairs_total"));

        await using Accelerated other = await Accelerated.StartAsync(options: "control_percent = 0\ninclude_pods = [\"another-*\"]");
        await other.Streams.RunAsync("short", "127.0.0.1", Accelerated.Port, 100, 1);
        s = await other.ScrapeAtRestAsync();
        Assert.Equal(100, s.Sidecar("sock_map_refused_pairs_total", ("reason", "scope")));
        Assert.Equal(0, s.Sum("sock_map_enrolled_pairs_total"));
    }
}
