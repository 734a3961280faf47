using System.Diagnostics;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.ResourceUsage;

namespace Pmoas.EndToEnd.Dashboards;

/// <summary>Every dashboard and every rule against a real Prometheus that scrapes a daemon over a pod under load.</summary>
public sealed class DashboardTests
{
    /// <summary>Panels that stay empty although all is well, by their metric, and why.</summary>
    private static readonly Dictionary<string, string> s_empty = new()
    {
        ["pmoas_stack_trace_retransmits_total"] = "TCP sends something again only where it was lost",
        ["pmoas_stack_trace_unfinished_total"] = "the same",
        ["pmoas_stack_trace_dropped_packets_total"] = "the same",
        ["pmoas_stack_trace_route_"] = "look-ups are timed only when asked for, and functions cannot be traced on every kernel; FunctionTests has them",
        ["pmoas_stack_trace_netfilter_"] = "the pod has no rules, and functions cannot be traced on every kernel; FunctionTests has both",
        ["pmoas_sock_map_rolled_back"] = "there is a value only once acceleration was undone",
        ["pmoas_sock_map_gain_ratio"] = "it takes hundreds of turns on connections left on TCP, a few percent of all",
        ["pmoas_sock_map_control_turn_seconds"] = "the same",
    };

    [Fact]
    public async Task promtool_finds_nothing_wrong_with_the_rules()
    {
        Assert.NotEmpty(PluginFiles.Rules);
        using Process promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "rules", .. PluginFiles.Rules])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        Assert.True(promtool.ExitCode == 0, said);
    }

    [Fact]
    public async Task every_panel_of_every_plugin_and_every_rule_has_data()
    {
        await using WatchedBed watched = await WatchedBed.StartAsync(
            new PodBedOptions { InsideConnections = InsideConnections.CloseEach },
            PluginFiles.Plugins.ToDictionary(plugin => plugin, plugin => plugin switch
            {
                "SockMap" => "mode = \"on\"",
                "ResourceUsage" => "refresh = \"0s\"",
                _ => "",
            }));
        PodBed bed = watched.Bed;
        CgroupFiles.LimitCpu(bed.Service.CgroupPath, 0.5);
        CgroupFiles.RequestHalfACore(bed.Service.CgroupPath);
        CgroupFiles.LimitMemory(bed.Service.CgroupPath, 256 << 20);
        CgroupFiles.CountDevice(bed.Service.CgroupPath, watched.Device());

        List<PanelQuery> left = [.. PluginFiles.Plugins.SelectMany(PluginFiles.QueriesOf).Where(query => !s_empty.Keys.Any(query.Expression.Contains))];
        Assert.True(left.Count > 50, $"only {left.Count} queries were found");
        List<string> rules = [.. PluginFiles.Recorded()];
        Assert.NotEmpty(rules);
        for (int round = 0; round < 15 && left.Count + rules.Count > 0; round++)
        {
            await Load.RunAsync(bed, 2000, 4, keepAlive: round % 2 == 0);
            await watched.UseDiskAsync();
            await Task.Delay(1000);
            left = await WithoutDataAsync(watched, left, query => query.Expression);
            rules = await WithoutDataAsync(watched, rules, rule => rule);
        }

        Assert.True(left.Count == 0, string.Join('\n', left.Select(query => $"{query.Plugin}, {query.Panel}: {query.Expression}")));
        Assert.Empty(rules);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task the_rule_of_cpu_per_request_says_what_cgroup_and_load_generator_say(bool keepAlive)
    {
        const string Rule = "namespace_pod:pmoas_resource_usage_sidecar_cpu_seconds_per_request:rate5m";
        const int Requests = 20_000;
        await using WatchedBed watched = await WatchedBed.StartAsync(
            new PodBedOptions { InsideConnections = keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach },
            new Dictionary<string, string> { ["Accept"] = "", ["ResourceUsage"] = "" });
        await watched.UntilValueAsync("pmoas_resource_usage_cpu_seconds_total{role=\"sidecar\"}");
        await Task.Delay(2500); // a sample before the load, or its first requests are no increase
        double before = CgroupFiles.CpuSeconds(watched.Bed.Sidecar.CgroupPath);
        Load load = await Load.RunAsync(watched.Bed, Requests, 4, keepAlive);
        double used = CgroupFiles.CpuSeconds(watched.Bed.Sidecar.CgroupPath) - before;
        Assert.Equal(Requests, load.Complete);
        await Task.Delay(2500); // and one after it

        double told = Assert.Single(await watched.UntilValueAsync(Rule));
        Assert.InRange(told, used / Requests * 0.9, used / Requests * 1.1);
    }

    private static async Task<List<T>> WithoutDataAsync<T>(WatchedBed watched, List<T> all, Func<T, string> expression)
    {
        List<T> without = [];
        foreach (T one in all)
        {
            if ((await watched.Prometheus.QueryAsync(expression(one))).Count == 0)
            {
                without.Add(one);
            }
        }

        return without;
    }
}
