using Pmoas.Host.Exposition;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Exposition;

public sealed class SelfMetricsTests
{
    private readonly Instruments _instruments = new();
    private readonly PodContainers _containers = new();
    private readonly SelfMetrics _self;

    public SelfMetricsTests() => _self = new SelfMetrics(_instruments, "0.1.0", "0.1.0", "6.18.44");

    [Fact]
    public async Task a_plugin_is_in_one_state_and_its_hooks_follow_it()
    {
        var running = new PluginFacts
        {
            Plugin = "accept",
            State = "running",
            Hooks = [new HookFact("accept", "on_accept_exit", "tracepoint")],
            Maps = [new MapFact("sockets", 12, 65536)],
        };
        _self.Update([running], _containers);
        string[] lines = await Exposed.LinesAsync(_instruments);
        Assert.Equal(9, lines.Count(line => line.StartsWith("pmoas_plugin_state{", StringComparison.Ordinal)));
        Assert.Contains("pmoas_plugin_state{plugin=\"accept\",state=\"running\"} 1", lines);
        Assert.Contains("pmoas_plugin_state{plugin=\"accept\",state=\"faulted\"} 0", lines);
        Assert.Contains("pmoas_plugin_hook{plugin=\"accept\",hook=\"accept\",program=\"on_accept_exit\",kind=\"tracepoint\"} 1", lines);
        Assert.Contains("pmoas_map_entries{plugin=\"accept\",map=\"sockets\"} 12", lines);
        Assert.Contains("pmoas_map_capacity{plugin=\"accept\",map=\"sockets\"} 65536", lines);

        _self.Update([running with { State = "faulted", Hooks = [], Maps = [] }], _containers);
        lines = await Exposed.LinesAsync(_instruments);
        Assert.Contains("pmoas_plugin_state{plugin=\"accept\",state=\"running\"} 0", lines);
        Assert.Contains("pmoas_plugin_state{plugin=\"accept\",state=\"faulted\"} 1", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("pmoas_plugin_hook{", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("pmoas_map_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task totals_go_on_over_a_restart_that_begins_them_at_0()
    {
        PluginFacts first = Facts(0, attempts: 100, delivered: 90, dropped: 10, runs: 1000, nanoseconds: 2_000_000_000);
        _self.Update([first], _containers);
        _self.Update([first], _containers);

        // More than before the restart, but all of it new.
        _self.Update([Facts(1, attempts: 150, delivered: 149, dropped: 1, runs: 1001, nanoseconds: 500_000_000)], _containers);
        Assert.Equal("250", await Exposed.ValueAsync(_instruments, "pmoas_ring_attempts_total{plugin=\"accept\",ring=\"events\"}"));
        Assert.Equal("239", await Exposed.ValueAsync(_instruments, "pmoas_ring_delivered_total{plugin=\"accept\",ring=\"events\"}"));
        Assert.Equal("11", await Exposed.ValueAsync(_instruments, "pmoas_ring_dropped_total{plugin=\"accept\",ring=\"events\"}"));
        Assert.Equal("2001", await Exposed.ValueAsync(_instruments, "pmoas_bpf_program_runs_total{plugin=\"accept\",program=\"on_accept\"}"));
        Assert.Equal("2.5", await Exposed.ValueAsync(_instruments, "pmoas_bpf_program_run_seconds_total{plugin=\"accept\",program=\"on_accept\"}"));
        Assert.Equal("6", await Exposed.ValueAsync(_instruments, "pmoas_bpf_program_skipped_runs_total{plugin=\"accept\",program=\"on_accept\"}"));
        Assert.Equal("1", await Exposed.ValueAsync(_instruments, "pmoas_plugin_restarts_total{plugin=\"accept\"}"));
    }

    [Fact]
    public async Task counts_containers_by_role_and_reloads_by_result()
    {
        _containers.Run(PodContainers.Make(1, "proxy", Role.Sidecar), PodContainers.Make(2, "a", Role.Service), PodContainers.Make(3, "b", Role.Service));
        _self.Update([], _containers);
        _self.ConfigInUse(DateTimeOffset.FromUnixTimeSeconds(1000));
        _self.ConfigReloaded(ok: true, DateTimeOffset.FromUnixTimeSeconds(2000));
        _self.ConfigReloaded(ok: false, DateTimeOffset.FromUnixTimeSeconds(3000));
        _self.ScrapeTook(TimeSpan.FromMilliseconds(3));
        string[] lines = await Exposed.LinesAsync(_instruments);
        Assert.Contains("pmoas_containers{role=\"service\"} 2", lines);
        Assert.Contains("pmoas_containers{role=\"sidecar\"} 1", lines);
        Assert.Contains("pmoas_containers{role=\"init\"} 0", lines);
        Assert.Contains("pmoas_containers{role=\"ephemeral\"} 0", lines);
        Assert.Contains("pmoas_config_reloads_total{result=\"ok\"} 1", lines);
        Assert.Contains("pmoas_config_reloads_total{result=\"error\"} 1", lines);
        Assert.Contains("pmoas_config_last_reload_success_timestamp_seconds 2000", lines);
        Assert.Contains("pmoas_build_info{version=\"0.1.0\",sdk=\"0.1.0\",kernel=\"6.18.44\"} 1", lines);
        Assert.Contains("pmoas_scrape_duration_seconds_bucket{le=\"0.0025\"} 0", lines);
        Assert.Contains("pmoas_scrape_duration_seconds_bucket{le=\"0.005\"} 1", lines);
    }

    [Fact]
    public async Task tells_of_each_source_how_old_its_truth_is_and_ends_the_series_of_one_that_is_gone()
    {
        SourceFact api = new("kubernetes", "https://10.0.0.1", IsUp: false, TimeSpan.FromSeconds(61.5), Pods: 12, Failures: 3);
        SourceFact cri = new("cri", "/run/containerd/containerd.sock", IsUp: true, TimeSpan.Zero, Pods: 13, Failures: 0);
        _self.Update(new PodFacts([api, cri], Nameless: 2, Missed: 5, Tagged: 40));
        _self.Update(new PodFacts([api with { Failures = 4 }], Nameless: 1, Missed: 6, Tagged: 39));
        string[] lines = await Exposed.LinesAsync(_instruments);

        Assert.Contains("pmoas_source_up{source=\"kubernetes\",endpoint=\"https://10.0.0.1\"} 0", lines);
        Assert.Contains("pmoas_source_age_seconds{source=\"kubernetes\",endpoint=\"https://10.0.0.1\"} 61.5", lines);
        Assert.Contains("pmoas_source_pods{source=\"kubernetes\",endpoint=\"https://10.0.0.1\"} 12", lines);
        Assert.Contains("pmoas_source_failures_total{source=\"kubernetes\",endpoint=\"https://10.0.0.1\"} 4", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("pmoas_source_up{source=\"cri\"", StringComparison.Ordinal));
        Assert.Contains("pmoas_containers_nameless 1", lines);
        Assert.Contains("pmoas_containers_missed_total 6", lines);
        Assert.Contains("pmoas_tagged_cgroups 39", lines);
    }

    private static PluginFacts Facts(int restarts, ulong attempts, ulong delivered, ulong dropped, ulong runs, ulong nanoseconds) => new()
    {
        Plugin = "accept",
        State = "running",
        Restarts = restarts,
        Rings = [new RingFact("events", attempts, delivered, dropped)],
        Programs = [new ProgramFact("on_accept", runs, nanoseconds, Skipped: 3)],
    };
}
