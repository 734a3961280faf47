using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.SockMap;

/// <summary>The control group, the gain, and the way back.</summary>
public sealed class ControlGroupTests
{
    private const string Address = "127.0.0.1";

    [Fact]
    public async Task half_of_the_connections_stay_on_TCP_and_both_halves_are_compared()
    {
        await using Accelerated pod = await Accelerated.StartAsync(options: "control_percent = 50\nrollback_turns = 1000");
        await pod.PassTrialsAsync();

        await pod.Streams.RunAsync("turns", Address, Accelerated.Port, 100, 500, 1000);
        Numbers s = await pod.ScrapeAtRestAsync();
        double enrolled = s.Sidecar("sock_map_enrolled_pairs_total"), control = s.Sidecar("sock_map_control_pairs_total");
        Assert.True(enrolled + control == 100, s.ToString());
        Assert.InRange(control, 25, 75);
        Assert.Equal(enrolled * 500, s.Sidecar("sock_map_accelerated_turn_seconds_count"));
        Assert.Equal(control * 500, s.Sidecar("sock_map_control_turn_seconds_count"));
        Assert.Equal((enrolled * 500 * 1000) + (enrolled * Streams.WishBytes), s.Sidecar("sock_map_redirected_bytes_total") + s.Sidecar("sock_map_passed_bytes_total"));

        await Watched.Until(async () => !double.IsNaN((s = await pod.ScrapeAsync()).Sidecar("sock_map_gain_ratio")), "there is a gain ratio");
        Assert.InRange(s.Sidecar("sock_map_gain_ratio"), 0.1, 1.2);
        Assert.Equal(0, s.Sum("sock_map_rolled_back"));
    }

    [Fact]
    public async Task a_container_that_is_not_faster_goes_back_to_TCP()
    {
        // Nothing is ten times as fast, so all that is accelerated counts as slower.
        await using Accelerated pod = await Accelerated.StartAsync(options: "control_percent = 50\nrollback_turns = 50\nrollback_ratio = 0.1\nrollback_after = \"1s\"");
        await pod.PassTrialsAsync();
        Numbers s = await pod.ScrapeAsync();
        await Watched.Until(
            async () =>
            {
                await pod.Streams.RunAsync("turns", Address, Accelerated.Port, 20, 100, 100);
                return (s = await pod.ScrapeAsync()).Sidecar("sock_map_rolled_back", ("reason", "latency")) == 1;
            },
            "the container is rolled back");

        s = await pod.ScrapeAtRestAsync();
        double refused = s.Sidecar("sock_map_refused_pairs_total", ("reason", "rolled_back"));
        double before = s.Sidecar("sock_map_enrolled_pairs_total") + s.Sidecar("sock_map_control_pairs_total");
        await pod.Streams.RunAsync("short", Address, Accelerated.Port, 100, 1);
        s = await pod.ScrapeAtRestAsync();
        Assert.Equal(before, s.Sidecar("sock_map_enrolled_pairs_total") + s.Sidecar("sock_map_control_pairs_total"));
        Assert.Equal(refused + 100, s.Sidecar("sock_map_refused_pairs_total", ("reason", "rolled_back")));
    }
}
