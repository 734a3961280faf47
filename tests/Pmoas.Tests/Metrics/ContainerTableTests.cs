using Pmoas.Host.Exposition;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Metrics;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Pods.Sources;

namespace Pmoas.Tests.Metrics;

public sealed class ContainerTableTests
{
    private const string Proxy = "{namespace=\"lab\",pod=\"chain\",container=\"proxy\",role=\"sidecar\"}";
    private const string App = "{namespace=\"lab\",pod=\"chain\",container=\"app\",role=\"service\"}";

    private readonly Instruments _instruments = new();
    private readonly PodContainers _containers = new();
    private readonly Dictionary<uint, KernelEntry> _kernel = [];
    private readonly List<uint> _forgotten = [];
    private readonly Container _proxy = PodContainers.Make(1, "proxy", Role.Sidecar);
    private readonly Container _app = PodContainers.Make(2, "app", Role.Service);
    private readonly PluginInstruments _plugin;
    private readonly ManualTime _time = new();
    private ContainerTable _table;

    public ContainerTableTests()
    {
        _plugin = _instruments.Register("lab", KernelEntry.Defs);
        _table = NewTable();
    }

    [Fact]
    public async Task every_series_of_a_container_appears_with_0_before_the_kernel_has_an_entry()
    {
        _containers.Run(_proxy);
        Scrape();
        Assert.Equal(1 + 3 + 1 + 2 + 28, (await Exposed.LinesAsync(_instruments)).Length);
        Assert.All(await Exposed.LinesAsync(_instruments), line => Assert.EndsWith(" 0", line));
    }

    [Fact]
    public async Task sums_the_cpus_and_adds_only_what_grew()
    {
        _containers.Run(_proxy, _app);
        KernelEntry proxy = Entry(1);
        proxy.Accept(0, 600);
        proxy.Accept(1, 400);
        proxy.Connect(1, 1, 7);
        Entry(2).Accept(0, 1);
        Scrape();
        Scrape();
        proxy.Accept(1, 5);
        proxy.Connect(0, 0, 2);
        Scrape();
        Assert.Equal("1005", await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Equal("1", await Value("pmoas_lab_accepted_total" + App));
        Assert.Equal("2", await Value("pmoas_lab_connected_total" + WithResult("ok")));
        Assert.Equal("7", await Value("pmoas_lab_connected_total" + WithResult("refused")));
        Assert.Equal("0", await Value("pmoas_lab_connected_total" + WithResult("other")));
    }

    [Fact]
    public async Task a_gauge_is_the_signed_sum_of_the_cpus()
    {
        _containers.Run(_proxy);
        Entry(1).OpenBy(0, 3);
        Entry(1).OpenBy(1, -1);
        Scrape();
        Assert.Equal("2", await Value("pmoas_lab_open" + Proxy));
        Entry(1).OpenBy(1, -5);
        Scrape();
        Assert.Equal("-3", await Value("pmoas_lab_open" + Proxy));
    }

    [Fact]
    public async Task an_entry_made_anew_counts_from_0_and_never_backwards()
    {
        _containers.Run(_proxy);
        Entry(1).Accept(0, 10);
        Entry(1).Connect(0, 0, 1);
        Scrape();
        Entry(1).MakeAnew();
        Entry(1).Accept(0, 4);
        Entry(1).Connect(0, 0, 3);
        Scrape();
        Assert.Equal("14", await Value("pmoas_lab_accepted_total" + Proxy));

        // It has already outgrown its old self; its neighbour tells that the entry is new.
        Assert.Equal("4", await Value("pmoas_lab_connected_total" + WithResult("ok")));
    }

    [Fact]
    public async Task a_container_that_is_gone_is_read_once_more_then_its_series_and_its_key_end()
    {
        _containers.Run(_proxy, _app);
        Entry(1).Accept(0, 10);
        Scrape();
        Entry(1).Accept(0, 1);
        _containers.Linger(_proxy);
        Scrape();
        Assert.Equal("11", await Value("pmoas_lab_accepted_total" + Proxy));
        _containers.Forget(1);
        Scrape();
        Assert.DoesNotContain(await Exposed.LinesAsync(_instruments), line => line.Contains("proxy", StringComparison.Ordinal));
        Assert.Equal("0", await Value("pmoas_lab_accepted_total" + App));
        Assert.Equal([1u], _forgotten);
    }

    [Fact]
    public async Task a_container_that_came_and_went_between_two_scrapes_is_counted()
    {
        Scrape();
        _containers.Linger(_proxy);
        Entry(1).Accept(0, 3);
        Scrape();
        Assert.Equal("3", await Value("pmoas_lab_accepted_total" + Proxy));
    }

    [Fact]
    public async Task a_restarted_container_goes_on_with_the_series_of_the_one_it_replaced()
    {
        Container again = PodContainers.Make(3, "proxy", Role.Sidecar);
        _ = Entry(3);
        _containers.Run(_proxy);
        Entry(1).Accept(0, 10);
        Entry(1).OpenBy(0, 8);
        Scrape();
        _containers.Linger(_proxy);
        _containers.Run(again);
        Entry(3).Accept(0, 5);
        Entry(3).OpenBy(0, 2);
        Scrape();
        Assert.Equal("15", await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Equal("2", await Value("pmoas_lab_open" + Proxy));
        _containers.Forget(1);
        Scrape();
        Assert.Equal("15", await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Equal([1u], _forgotten);
    }

    [Fact]
    public async Task a_changed_role_is_a_new_series_and_nothing_is_counted_twice()
    {
        _containers.Run(_proxy);
        Entry(1).Accept(0, 10);
        Scrape();
        _containers.Run(_proxy with { Role = Role.Service });
        Entry(1).Accept(0, 1);
        Scrape();
        Assert.Null(await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Equal("1", await Value("pmoas_lab_accepted_total" + Proxy.Replace("sidecar", "service", StringComparison.Ordinal)));
    }

    [Fact]
    public void a_key_of_nobody_is_deleted_but_not_that_of_a_container_about_to_be_listed()
    {
        _containers.Run(_app);
        Entry(1).Accept(0, 1);
        Entry(9).Accept(0, 1);
        Scrape();
        _time.Advance(9_999);
        Scrape();
        Assert.Empty(_forgotten);
        _time.Advance(1);
        Scrape();
        Assert.Equal([1u], _forgotten);
    }

    [Fact]
    public async Task a_container_that_is_known_later_than_one_with_a_higher_id_loses_nothing()
    {
        _containers.Run(_app);
        Entry(1).Accept(0, 3);
        Scrape();
        _containers.Run(_app, _proxy);
        _time.Advance(60_000);
        Scrape();
        Assert.Equal("3", await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Empty(_forgotten);
    }

    [Fact]
    public async Task a_restarted_plugin_goes_on_from_where_it_was()
    {
        _containers.Run(_proxy, _app);
        Entry(1).Accept(0, 10);
        Entry(2).Accept(0, 10);
        Scrape();
        _kernel.Clear();
        _containers.Run(_proxy);
        _instruments.Register("lab", KernelEntry.Defs).EndContainersNotIn(_containers);
        _table = NewTable();
        Entry(1).Accept(0, 2);
        Scrape();
        Assert.Equal("12", await Value("pmoas_lab_accepted_total" + Proxy));
        Assert.Null(await Value("pmoas_lab_accepted_total" + App));
    }

    [Fact]
    public async Task a_stopped_plugin_has_no_series()
    {
        _containers.Run(_proxy);
        Scrape();
        _plugin.EndAll();
        Assert.Empty(await Exposed.LinesAsync(_instruments));
    }

    [Fact]
    public void allocates_nothing_while_the_containers_stay_the_same()
    {
        _containers.Run(_proxy, _app);
        KernelEntry entry = Entry(1);
        KernelEntry.MapEntry read = _table.Read;
        void Once()
        {
            entry.Accept(0, 1);
            entry.Connect(1, 2, 1);
            entry.OpenBy(0, 1);
            entry.Wait(1, 5000);
            _table.Begin();
            entry.ReadBy(read, 1);
            _table.End();
        }

        for (int i = 0; i < 10; i++)
        {
            Once();
        }

        Assert.Equal(0, Allocations.OfBatch(1000, Once));
    }

    private static string WithResult(string result) => Proxy.Replace("}", $",result=\"{result}\"}}", StringComparison.Ordinal);

    private ContainerTable NewTable()
    {
        BtfStruct type = KernelEntry.Struct;
        IReadOnlyList<ExportedField> fields = ExportPlan.Make("plugin lab", [new ExportedMap("counters", type, true)], KernelEntry.Defs)[0].Fields;
        return new ContainerTable(new KernelValue([.. fields.Select(field => FieldExport.Of(field, _plugin))]), _containers, id =>
        {
            _forgotten.Add(id);
            _kernel.Remove(id);
        }, _time);
    }

    private KernelEntry Entry(uint id)
    {
        if (!_kernel.TryGetValue(id, out KernelEntry? entry))
        {
            _kernel[id] = entry = new KernelEntry();
        }

        return entry;
    }

    private void Scrape()
    {
        _table.Begin();
        foreach ((uint id, KernelEntry entry) in _kernel)
        {
            entry.ReadBy(_table.Read, id);
        }

        _table.End();
    }

    private Task<string?> Value(string series) => Exposed.ValueAsync(_instruments, series);
}
