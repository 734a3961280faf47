using System.Globalization;
using Pmoas.ResourceUsage;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.ResourceUsage;

/// <summary>The same container on cgroup v1 and v2: the same numbers.</summary>
public sealed class CgroupUsageTests
{
    private readonly Container _app = PodContainers.Make(2, "app", Role.Service);
    private readonly Container _proxy = PodContainers.Make(1, "proxy", Role.Sidecar);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task every_file_of_a_container_becomes_its_series(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();

        Assert.Equal("2", await lab.AppAsync("cpu_seconds_total", "mode=\"user\""));
        Assert.Equal("1", await lab.AppAsync("cpu_seconds_total", "mode=\"system\""));
        Assert.Equal("0.2", await lab.AppAsync("cpu_limit_cores"));
        Assert.Equal(v2 ? "0.48828125" : "0.5", await lab.AppAsync("cpu_request_cores"));
        Assert.Equal("1.5", await lab.AppAsync("cpu_throttled_seconds_total"));
        Assert.Equal("50", await lab.AppAsync("cpu_periods_total"));
        Assert.Equal("20", await lab.AppAsync("cpu_throttled_periods_total"));
        Assert.Equal("215904000", await lab.AppAsync("memory_working_set_bytes"));
        Assert.Equal("209715200", await lab.AppAsync("memory_rss_bytes"));
        Assert.Equal("8192000", await lab.AppAsync("memory_cache_bytes"));
        Assert.Equal("4096", await lab.AppAsync("memory_swap_bytes"));
        Assert.Equal("268435456", await lab.AppAsync("memory_limit_bytes"));
        Assert.Equal("59988", await lab.AppAsync("page_faults_total", "kind=\"minor\""));
        Assert.Equal("12", await lab.AppAsync("page_faults_total", "kind=\"major\""));
        Assert.Equal("4096", await lab.AppAsync("block_io_bytes_total", "device=\"vda\",direction=\"read\""));
        Assert.Equal("67108864", await lab.AppAsync("block_io_bytes_total", "device=\"vda\",direction=\"write\""));
        Assert.Equal("1", await lab.AppAsync("block_io_operations_total", "device=\"vda\",direction=\"read\""));
        Assert.Equal("64", await lab.AppAsync("block_io_operations_total", "device=\"vda\",direction=\"write\""));
        Assert.Equal("3", await lab.AppAsync("threads"));
        Assert.Equal("0", await lab.AppAsync("processes"));
        Assert.Equal("0", await lab.AppAsync("open_files"));
        Assert.Equal("1", await lab.AppAsync("pressure_seconds_total", "resource=\"cpu\",stalled=\"some\""));
        Assert.Equal("1.5", await lab.AppAsync("pressure_seconds_total", "resource=\"io\",stalled=\"full\""));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task what_is_not_limited_has_no_limit(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        cgroups.Write("cpu", "/lab/app", v2 ? "cpu.max" : "cpu.cfs_quota_us", v2 ? "max 100000\n" : "-1\n");
        cgroups.Write("cpu", "/lab/app", v2 ? "cpu.weight" : "cpu.shares", v2 ? "100\n" : "1024\n");
        cgroups.Write("memory", "/lab/app", v2 ? "memory.max" : "memory.limit_in_bytes", v2 ? "max\n" : "9223372036854771712\n");
        lab.Collect();

        Assert.Null(await lab.AppAsync("cpu_limit_cores"));
        Assert.Null(await lab.AppAsync("cpu_request_cores"));
        Assert.Null(await lab.AppAsync("memory_limit_bytes"));
        Assert.Equal("1.5", await lab.AppAsync("cpu_throttled_seconds_total"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task garbage_and_empty_files_change_nothing(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        string[] before = await lab.LinesAsync();
        foreach (string garbage in new[] { "", "\n", "garbage", "-5\n", "a b\nc d\n", "254:0\n254:x Read 5\n1:\n:\n254:0 Read\n254:0 rbytes\n254:0 rbytes=\n", "some total\nfull total=x\n", "99999999999999999999999\n" })
        {
            foreach ((string controller, string file) in new[]
            {
                ("cpuacct", v2 ? "cpu.stat" : "cpuacct.usage"), ("cpuacct", v2 ? "cpu.stat" : "cpuacct.stat"), ("cpu", "cpu.stat"), ("memory", "memory.stat"),
                ("memory", v2 ? "memory.current" : "memory.usage_in_bytes"), ("memory", v2 ? "memory.events" : "memory.oom_control"),
                ("blkio", v2 ? "io.stat" : "blkio.throttle.io_service_bytes_recursive"), ("pids", "pids.current"), ("unified", "cpu.pressure"),
                ("memory", "cgroup.procs"),
            })
            {
                cgroups.Write(controller, "/lab/app", file, garbage);
            }

            lab.Collect();
        }

        // Nothing was counted on; only a line of digits that is no process's number counts as one.
        Assert.Equal(before.Where(Stays), (await lab.LinesAsync()).Where(Stays));

        static bool Stays(string line) => !line.Contains("processes", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_total_that_began_again_is_no_negative_rate(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        if (v2)
        {
            cgroups.Write("", "/lab/app", "io.stat", "254:0 rbytes=0 wbytes=1000 rios=0 wios=1\n");
        }
        else
        {
            cgroups.Write("blkio", "/lab/app", "blkio.throttle.io_service_bytes_recursive", "254:0 Read 0\n254:0 Write 1000\n");
            cgroups.Write("blkio", "/lab/app", "blkio.throttle.io_serviced_recursive", "254:0 Read 0\n254:0 Write 1\n");
        }

        lab.Collect();
        Assert.Equal("67109864", await lab.AppAsync("block_io_bytes_total", "device=\"vda\",direction=\"write\""));
        Assert.Equal("65", await lab.AppAsync("block_io_operations_total", "device=\"vda\",direction=\"write\""));
        Assert.Equal("4096", await lab.AppAsync("block_io_bytes_total", "device=\"vda\",direction=\"read\""));
    }

    [Fact]
    public async Task a_tick_of_the_system_takes_nothing_back_from_the_user()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places);
        lab.Index.Run(_app);
        List<double> user = [], system = [];
        foreach ((int milliseconds, int ticks) in new[] { (8, 0), (11, 1), (25, 1), (26, 2) })
        {
            cgroups.Write("cpuacct", "/lab/app", "cpuacct.usage", $"{milliseconds}000000\n");
            cgroups.Write("cpuacct", "/lab/app", "cpuacct.stat", $"user 0\nsystem {ticks}\n");
            lab.Collect();
            user.Add(await MillisecondsAsync(lab, "user"));
            system.Add(await MillisecondsAsync(lab, "system"));
        }

        Assert.Equal([8, 8, 15, 15], user);
        Assert.Equal([0, 10, 10, 20], system);

        static async Task<double> MillisecondsAsync(UsageLab lab, string mode) =>
            Math.Round(double.Parse((await lab.AppAsync("cpu_seconds_total", $"mode=\"{mode}\""))!, CultureInfo.InvariantCulture) * 1000, 6);
    }

    [Fact]
    public async Task a_working_set_is_never_negative()
    {
        using FakeHierarchy cgroups = new(v2: true);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        cgroups.Write("", "/lab/app", "memory.current", "4095999\n");
        lab.Index.Run(_app);
        lab.Collect();
        Assert.Equal("0", await lab.AppAsync("memory_working_set_bytes"));
    }

    [Fact]
    public async Task cgroups_that_come_later_are_read_and_those_that_go_end_with_their_container()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places);
        lab.Index.Run(_app);
        lab.Collect();
        Assert.Equal(["pmoas_resource_usage_kept_files 0", "pmoas_resource_usage_reopened_files_total 0"], await lab.LinesAsync());
        cgroups.WriteContainer("/lab/app");
        lab.Collect();
        Assert.Equal("2", await lab.AppAsync("cpu_seconds_total", "mode=\"user\""));

        cgroups.Remove("/lab/app");
        lab.Index.Linger(_app);
        lab.Collect();
        Assert.Equal("2", await lab.AppAsync("cpu_seconds_total", "mode=\"user\""));
        Assert.Equal(0, lab.Kept);
        lab.Index.Forget(_app.Id);
        lab.Collect();
        Assert.Equal(["pmoas_resource_usage_kept_files 0", "pmoas_resource_usage_reopened_files_total 0"], await lab.LinesAsync());
    }

    [Fact]
    public async Task a_restarted_container_adds_to_the_counters_of_the_one_before()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        Container again = PodContainers.Make(7, "app", Role.Service) with { CgroupPath = "/lab/again" };
        cgroups.WriteContainer("/lab/again");
        cgroups.Write("cpu", "/lab/again", "cpu.cfs_quota_us", "-1\n");
        lab.Index.Linger(_app);
        lab.Index.Run(again);
        lab.Collect();
        Assert.Equal("4", await lab.AppAsync("cpu_seconds_total", "mode=\"user\""));
        Assert.Equal("134217728", await lab.AppAsync("block_io_bytes_total", "device=\"vda\",direction=\"write\""));
        Assert.Equal("209715200", await lab.AppAsync("memory_rss_bytes"));
    }

    [Fact]
    public async Task all_but_CPU_time_is_read_again_when_it_is_old()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places, new ResourceUsageOptions { Refresh = TimeSpan.FromSeconds(5) });
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        cgroups.Write("memory", "/lab/app", "memory.usage_in_bytes", "230000000\n");
        cgroups.Write("cpu", "/lab/app", "cpu.cfs_quota_us", "50000\n");
        lab.Time.Pass(TimeSpan.FromSeconds(1));
        lab.Collect();
        Assert.Equal("215904000", await lab.AppAsync("memory_working_set_bytes"));
        cgroups.Write("cpuacct", "/lab/app", "cpuacct.usage", "5000000000\n");
        cgroups.Write("cpuacct", "/lab/app", "cpuacct.stat", "user 400\nsystem 100\n");
        lab.Collect();
        Assert.Equal("4", await lab.AppAsync("cpu_seconds_total", "mode=\"user\""));
        Assert.Equal("215904000", await lab.AppAsync("memory_working_set_bytes"));
        Assert.Equal("0.2", await lab.AppAsync("cpu_limit_cores"));
        lab.Time.Pass(TimeSpan.FromSeconds(4));
        lab.Collect();
        Assert.Equal("225904000", await lab.AppAsync("memory_working_set_bytes"));
        Assert.Equal("0.5", await lab.AppAsync("cpu_limit_cores"));
    }

    [Fact]
    public async Task beyond_the_bound_files_are_opened_each_time_and_counted()
    {
        using FakeHierarchy cgroups = new(v2: true);
        using UsageLab lab = new(cgroups.Places, new ResourceUsageOptions { Refresh = TimeSpan.Zero, MaxKeptFiles = 4 });
        cgroups.WriteContainer("/lab/app");
        lab.Index.Run(_app);
        lab.Collect();
        lab.Collect();

        // cpu.stat, cpu.max, cpu.weight, memory: stat, current, swap, max, io.stat, pids, three of pressure
        Assert.Equal("4", await lab.NodeAsync("kept_files"));
        Assert.Equal("16", await lab.NodeAsync("reopened_files_total"));
        Assert.Equal("209715200", await lab.AppAsync("memory_rss_bytes"));
    }

    [Fact]
    public async Task the_sidecars_share_is_of_what_the_pod_used_since_the_scrape_before()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        cgroups.WriteContainer("/lab/proxy");
        lab.Index.Run(_app, _proxy);
        lab.Collect();
        Assert.Null(await lab.PodAsync("sidecar_cpu_ratio"));
        Assert.Equal("0.5", await lab.PodAsync("sidecar_memory_ratio"));
        cgroups.Write("cpuacct", "/lab/app", "cpuacct.usage", "6000000000\n");
        cgroups.Write("cpuacct", "/lab/proxy", "cpuacct.usage", "4000000000\n");
        lab.Collect();
        Assert.Equal("0.25", await lab.PodAsync("sidecar_cpu_ratio"));
        lab.Collect();
        Assert.Null(await lab.PodAsync("sidecar_cpu_ratio"));

        lab.Index.Run(_app);
        lab.Collect();
        Assert.Null(await lab.PodAsync("sidecar_memory_ratio"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void allocates_nothing_while_the_containers_stay_the_same(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        cgroups.WriteContainer("/lab/proxy");

        // A process with files, threads and a network, so that these are looked at too.
        cgroups.Write("memory", "/lab/app", "cgroup.procs", $"{Environment.ProcessId}\n");
        lab.Index.Run(_app, _proxy);
        for (int i = 0; i < 10; i++)
        {
            lab.Collect();
        }

        Assert.Equal(0, Allocations.OfBatch(100, lab.Collect));
    }
}
