using Pmoas.Host.Exposition;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Metrics;

public sealed class ContainerSeriesTests
{
    private const string Proxy = "{namespace=\"lab\",pod=\"chain\",container=\"proxy\",role=\"sidecar\"}";

    private static readonly CounterDef s_work = new("pmoas_lab_work_total", "Work.", Label.Container);
    private static readonly CounterDef s_parts = new("pmoas_lab_parts_total", "Parts.", [.. Label.Container, new Label("part", "Which.")]);
    private static readonly GaugeDef s_limit = new("pmoas_lab_limit", "Limit.", Label.Container);
    private static readonly GaugeDef s_share = new("pmoas_lab_share", "Share.", [.. Label.Container.Take(2)]);

    private readonly Instruments _instruments = new();
    private readonly PodContainers _index = new();
    private readonly Container _proxy = PodContainers.Make(1, "proxy", Role.Sidecar);
    private readonly Container _app = PodContainers.Make(2, "app", Role.Service);
    private readonly List<string> _life = [];
    private readonly PluginInstruments _plugin;
    private ContainerSeries<Row> _table;

    public ContainerSeriesTests()
    {
        _plugin = _instruments.Register("lab", [s_work, s_parts, s_limit, s_share]);
        _table = NewTable();
    }

    [Fact]
    public async Task a_series_begins_with_0_and_follows_the_total()
    {
        _index.Run(_proxy);
        Assert.True(_table.Update());
        Assert.Equal("0", await Value(s_work.Name + Proxy));
        Of(1).Work.Follow(7.5);
        Of(1).Work.Follow(9);
        Assert.Equal("9", await Value(s_work.Name + Proxy));
        Assert.False(_table.Update());
    }

    [Fact]
    public async Task a_small_step_back_is_waited_out_and_a_fall_counts_from_0()
    {
        _index.Run(_proxy);
        _table.Update();
        Of(1).Work.Follow(100);
        Of(1).Work.Follow(99);
        Assert.Equal("100", await Value(s_work.Name + Proxy));
        Of(1).Work.Follow(101);
        Assert.Equal("101", await Value(s_work.Name + Proxy));
        Of(1).Work.Follow(3);
        Assert.Equal("104", await Value(s_work.Name + Proxy));
        Of(1).Work.Follow(0);
        Of(1).Work.Follow(2);
        Assert.Equal("106", await Value(s_work.Name + Proxy));
    }

    [Fact]
    public async Task series_stay_while_the_container_lingers_and_end_with_it()
    {
        _index.Run(_proxy, _app);
        _table.Update();
        Of(1).Work.Follow(4);
        Of(1).Limit.Set(2);
        Of(1).Part("a").Follow(1);
        _index.Linger(_proxy);
        _table.Update();
        Assert.Equal(["begin 1", "begin 2", "end 1"], _life);
        Assert.Equal("4", await Value(s_work.Name + Proxy));
        Assert.Equal("2", await Value(s_limit.Name + Proxy));
        Assert.Single(_table.Running);

        _index.Forget(1);
        _table.Update();
        Assert.DoesNotContain(await Exposed.LinesAsync(_instruments), line => line.Contains("proxy", StringComparison.Ordinal));
        Assert.Equal(["begin 1", "begin 2", "end 1"], _life);
    }

    /// <summary>Where it lingers shorter than the time between two scrapes, a probe reads last numbers after the update that ended it.</summary>
    [Fact]
    public async Task what_is_counted_after_the_end_has_no_series()
    {
        _index.Run(_proxy);
        _table.Update();
        Row row = Of(1);
        row.Work.Follow(4);
        row.Limit.Set(2);
        _index.Linger(_proxy);
        _index.Forget(1);

        _table.Update();
        row.Work.Follow(5);
        row.Limit.Set(3);
        row.Part("late").Follow(1);

        Assert.Equal(["begin 1", "end 1"], _life);
        Assert.Empty(await Exposed.LinesAsync(_instruments));
        _index.Run(PodContainers.Make(3, "proxy", Role.Sidecar));
        _table.Update();
        Assert.Equal("0", await Value(s_work.Name + Proxy));
    }

    [Fact]
    public async Task a_restarted_container_goes_on_with_the_counters_and_shows_its_own_gauges()
    {
        _index.Run(_proxy);
        _table.Update();
        Of(1).Work.Follow(10);
        Of(1).Limit.Set(5);
        _index.Linger(_proxy);
        Container again = PodContainers.Make(3, "proxy", Role.Sidecar);
        _index.Run(again);
        _table.Update();
        Assert.Null(await Value(s_limit.Name + Proxy));
        Of(3).Work.Follow(2);
        Assert.Equal("12", await Value(s_work.Name + Proxy));
        Of(3).Limit.Set(6);
        _index.Forget(1);
        _table.Update();
        Assert.Equal("12", await Value(s_work.Name + Proxy));
        Assert.Equal("6", await Value(s_limit.Name + Proxy));
    }

    [Fact]
    public async Task the_gauge_of_a_container_that_was_replaced_is_not_shown_any_more()
    {
        _index.Run(_proxy, PodContainers.Make(3, "proxy", Role.Sidecar));
        _table.Update();
        Of(3).Limit.Set(6);
        Of(1).Limit.Set(5);
        Of(1).Limit.Clear();
        Assert.Equal("6", await Value(s_limit.Name + Proxy));
        Of(3).Limit.Clear();
        Assert.Null(await Value(s_limit.Name + Proxy));
    }

    [Fact]
    public async Task a_changed_role_is_a_new_series_and_nothing_is_counted_twice()
    {
        _index.Run(_proxy);
        _table.Update();
        Of(1).Work.Follow(10);
        Of(1).Limit.Set(5);
        _index.Run(_proxy with { Role = Role.Service });
        _table.Update();
        Of(1).Work.Follow(11);
        string service = Proxy.Replace("sidecar", "service", StringComparison.Ordinal);
        Assert.Null(await Value(s_work.Name + Proxy));
        Assert.Null(await Value(s_limit.Name + Proxy));
        Assert.Equal("1", await Value(s_work.Name + service));
        Assert.Equal("5", await Value(s_limit.Name + service));
        Assert.Equal(["begin 1"], _life);
    }

    [Fact]
    public async Task a_restarted_probe_counts_the_same_total_once()
    {
        _index.Run(_proxy);
        _table.Update();
        Of(1).Work.Follow(10);
        _table.End();
        Assert.Equal(["begin 1", "end 1"], _life);
        _table = NewTable();
        _table.Update();
        Of(1).Work.Follow(11);
        Assert.Equal("11", await Value(s_work.Name + Proxy));
    }

    [Fact]
    public async Task a_pod_begins_with_its_first_container_and_ends_with_its_last()
    {
        ContainerSeries<OwnedGauge> pods = ContainerSeries.ByPod(
            _index, (container, series) => { _life.Add($"begin {container.Pod}"); return series.Gauge(_plugin.Gauge(s_share)); }, _ => _life.Add("end"));
        _index.Run(_proxy, _app);
        pods.Update();
        Assert.Single(pods.Running).Set(0.5);
        _index.Linger(_proxy);
        pods.Update();
        Assert.Same(pods.Running[0], pods.TryGet(_app, out OwnedGauge? row) ? row : null);
        _index.Forget(1);
        pods.Update();
        Assert.Equal("0.5", await Value("pmoas_lab_share{namespace=\"lab\",pod=\"chain\"}"));
        _index.Linger(_app);
        pods.Update();
        Assert.Equal(["begin chain", "end"], _life);
        Assert.Equal("0.5", await Value("pmoas_lab_share{namespace=\"lab\",pod=\"chain\"}"));
        _index.Forget(2);
        pods.Update();
        Assert.Null(await Value("pmoas_lab_share{namespace=\"lab\",pod=\"chain\"}"));
    }

    [Fact]
    public async Task the_series_of_a_pod_that_went_while_the_probe_was_down_end_before_it_runs_again()
    {
        _plugin.Gauge(s_share).Set(1, "lab", "chain");
        _plugin.Gauge(s_share).Set(1, "lab", "gone");
        _index.Run(_proxy);
        _plugin.EndContainersNotIn(_index);
        Assert.Equal(["pmoas_lab_share{namespace=\"lab\",pod=\"chain\"} 1"], await Exposed.LinesAsync(_instruments));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_pod_between_two_updates_begins_and_ends_with_the_next_where_that_is_wanted(bool isWanted)
    {
        ContainerSeries<OwnedGauge> pods = ContainerSeries.ByPod(
            _index, (container, series) => { _life.Add($"begin {container.Pod}"); return series.Gauge(_plugin.Gauge(s_share)); },
            row => { row.Set(3); _life.Add("end"); }, isWanted);
        pods.Update();

        _index.Run(_proxy);
        _index.Linger(_proxy);
        pods.Update();
        pods.Update();

        Assert.Equal(isWanted ? ["begin chain", "end"] : [], _life);
        Assert.Empty(pods.Running);
        Assert.Equal(isWanted ? "3" : null, await Value(s_share.Name + "{namespace=\"lab\",pod=\"chain\"}"));

        _index.Forget(1);
        pods.Update();
        Assert.Null(await Value(s_share.Name + "{namespace=\"lab\",pod=\"chain\"}"));
        Assert.Equal(isWanted ? 2 : 0, _life.Count);
    }

    private ContainerSeries<Row> NewTable() => ContainerSeries.ByContainer(
        _index,
        (container, series) =>
        {
            _life.Add($"begin {container.Id}");
            return new Row(container.Id, series.Counter(_plugin.Counter(s_work)), series.Gauge(_plugin.Gauge(s_limit)), part => series.Counter(_plugin.Counter(s_parts), part));
        },
        row => _life.Add($"end {row.Id}"));

    private Row Of(uint id) => _table.Running.Single(row => row.Id == id);

    private Task<string?> Value(string series) => Exposed.ValueAsync(_instruments, series);

    private sealed record Row(uint Id, OwnedCounter Work, OwnedGauge Limit, Func<string, OwnedCounter> Part);
}
