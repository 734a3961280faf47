using Pmoas.Host.Overview;

namespace Pmoas.Tests.Overview;

public sealed class ComparisonTests
{
    [Fact]
    public void a_sidecars_share_is_its_increase_through_that_of_all_containers()
    {
        NodeTotals before = Cpu(proxy: 10, app: 100, memory: 1).At(0);
        NodeTotals after = Cpu(proxy: 11, app: 103, memory: 30).At(4);

        PodOverview pod = Assert.Single(Comparison.Of(before, after).Pods);
        Assert.Equal((0.25, 0.25), (pod.CpuShare, pod.CpuCores));
        Assert.Equal((0.75, 30.0), (pod.MemoryShare, pod.MemoryBytes));
        Assert.Equal(["proxy", "app"], pod.Containers.Select(one => one.Name));
        Assert.Equal([0.25, 0.75], pod.Containers.Select(one => one.CpuCores!.Value));
    }

    [Fact]
    public void requests_are_handoffs_and_reused_connections()
    {
        Scraped before = new Scraped().Times(OverviewMetrics.Handoff, "cart", "app", "service", 1, 0, 0, 10, 10);
        Scraped after = new Scraped().Times(OverviewMetrics.Handoff, "cart", "app", "service", 1.0001, 20, 30, 50, 50)
            .Value(OverviewMetrics.Reused, "cart", "proxy", "sidecar", 160);

        PodOverview pod = Assert.Single(Comparison.Of(before.At(0), after.At(2)).Pods);
        Assert.Equal(100, pod.RequestsPerSecond);
        Assert.Null(pod.CpuSecondsPerRequest);
        Assert.Equal(40, pod.Handoff!.Count);
        Assert.Equal(20, pod.Handoff.PerSecond);
        Assert.Equal(2.5e-6, pod.Handoff.MeanSeconds, 1e-12);
        Assert.Equal(1e-6, pod.Handoff.P50Seconds, 1e-12);
        Assert.Null(pod.Forward);
    }

    [Fact]
    public void what_began_again_counts_from_nothing_and_what_was_not_known_has_no_rate_where_it_began_before()
    {
        NodeTotals before = new Scraped().Value(OverviewMetrics.Accepted, "cart", "proxy", "sidecar", 500).At(0);
        NodeTotals after = new Scraped().Value(OverviewMetrics.Accepted, "cart", "proxy", "sidecar", 8)
            .Value(OverviewMetrics.Connected, "cart", "proxy", "sidecar", 6, ",result=\"ok\"")
            .Value(OverviewMetrics.Connected, "cart", "proxy", "sidecar", 2, ",result=\"refused\"")
            .Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", 1000, ",mode=\"user\"").At(2);

        ContainerOverview proxy = Assert.Single(Assert.Single(Comparison.Of(before, after).Pods).Containers);
        Assert.Equal((4.0, 3.0), (proxy.AcceptedPerSecond, proxy.ConnectedPerSecond));
        Assert.Null(proxy.CpuCores);
        Assert.Null(proxy.OpenConnections);
    }

    [Fact]
    public void stages_stand_in_the_order_they_are_passed()
    {
        NodeTotals none = new Scraped().At(0);
        NodeTotals after = new Scraped().Value(OverviewMetrics.Open, "cart", "proxy", "sidecar", 0)
            .Interval("cart", "inside", "tcp_probe", "sk_data_ready", 2e-6, 2, 2, 2, 2)
            .Interval("cart", "inside", "tcp_sendmsg_locked", "net_dev_queue", 4e-6, 0, 2, 2, 2)
            .Interval("cart", "inside", "net_dev_queue", "tcp_probe", 2e-6, 2, 2, 2, 2)
            .Interval("cart", "outside", "net_dev_queue", "tcp_probe", 0, 0, 0, 0, 0)
            .Line("pmoas_stack_trace_interval_seconds_count{namespace=\"shop\",pod=\"cart\",leg=\"inside\",direction=\"request\",phase=\"close\",from=\"a\",to=\"b\"} 7")
            .Line("pmoas_stack_trace_dropped_packets_total{namespace=\"shop\",pod=\"cart\",leg=\"inside\",reason=\"x\"} 3").At(1);

        LegOverview leg = Assert.Single(Assert.Single(Comparison.Of(none, after).Pods).Legs);
        Assert.Equal(("inside", "request"), (leg.Leg, leg.Direction));
        Assert.Equal(3, leg.DroppedPerSecond);
        Assert.Equal(["tcp_sendmsg_locked net_dev_queue", "net_dev_queue tcp_probe", "tcp_probe sk_data_ready"], leg.Stages.Select(stage => $"{stage.From} {stage.To}"));
        Assert.Equal([2e-6, 1e-6, 1e-6], leg.Stages.Select(stage => stage.Time.MeanSeconds));
    }

    [Fact]
    public void plugins_that_run_are_named_and_a_pod_that_ended_is_left_out()
    {
        NodeTotals before = new Scraped().Value(OverviewMetrics.Open, "gone", "proxy", "sidecar", 1).At(0);
        NodeTotals after = new Scraped().Line("pmoas_plugin_state{plugin=\"accept\",state=\"running\"} 1")
            .Line("pmoas_plugin_state{plugin=\"accept\",state=\"faulted\"} 0").Line("pmoas_plugin_state{plugin=\"sock_map\",state=\"faulted\"} 1").At(1);

        NodeOverview node = Comparison.Of(before, after);
        Assert.Equal(["accept"], node.Plugins);
        Assert.Empty(node.Pods);
    }

    private static Scraped Cpu(double proxy, double app, double memory) => new Scraped()
        .Value(OverviewMetrics.Cpu, "cart", "app", "service", app - 1, ",mode=\"user\"").Value(OverviewMetrics.Cpu, "cart", "app", "service", 1, ",mode=\"system\"")
        .Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", proxy - 1, ",mode=\"user\"").Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", 1, ",mode=\"system\"")
        .Value(OverviewMetrics.Memory, "cart", "proxy", "sidecar", memory).Value(OverviewMetrics.Memory, "cart", "app", "service", 10);
}
