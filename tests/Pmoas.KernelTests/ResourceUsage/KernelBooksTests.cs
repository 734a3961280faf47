using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>What a container is known to have used is what is told, and what the kernel's own files say.</summary>
public sealed class KernelBooksTests
{
    private const double Mib = 1024 * 1024;

    [Fact]
    public async Task two_seconds_of_cpu_are_two_seconds()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        Assert.Equal(0, await pod.UseAsync(pod.App, "cpu", "2.0"));
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        double told = s["cpu_seconds_total app mode=\"user\""] + s["cpu_seconds_total app mode=\"system\""];
        // To the end of what the shell used to start it.
        Assert.InRange(told, 1.99, 2.0 + Patience.Of(TimeSpan.FromMilliseconds(60)).TotalSeconds);
        Assert.Equal(CgroupFiles.CpuSeconds(pod.App), told, 0.01); // a tick
        Assert.Equal(0, s["cpu_seconds_total proxy mode=\"user\""]);
        await Watched.Until(async () => (await pod.ScrapeAsync())["processes app"] == 0, "the process has left the cgroup");
        Assert.DoesNotContain("cpu_limit_cores app", s.Keys);
    }

    [Fact]
    public async Task two_hundred_touched_mebibytes_are_told_with_their_faults()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        double faults = (await pod.ScrapeAsync())["page_faults_total app kind=\"minor\""];
        BedContainer user = pod.Start(pod.App, InPod.Program("use"), "memory", "200", "wait");
        await Watched.Until(() => Task.FromResult(user.LogTail() == "touched"), "the memory is touched");
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        Assert.InRange(s["memory_rss_bytes app"], 200 * Mib, 202 * Mib);
        Assert.InRange(s["memory_working_set_bytes app"], 200 * Mib, 210 * Mib);
        Assert.True(s["page_faults_total app kind=\"minor\""] - faults >= 100, "a fault a huge page at the least");
        Assert.DoesNotContain("memory_limit_bytes app", s.Keys);
        Assert.Equal(1, s["processes app"]);
        Assert.Equal(1, s["inspected_processes app"]);
        Assert.Equal(1, s["threads app"]);
        Assert.Equal(Directory.EnumerateFiles($"/proc/{user.Pid}/fd").Count(), s["open_files app"]);
        Assert.InRange(s["sidecar_memory_ratio"], 0, 0.05);
    }

    [Fact]
    [OnEveryKernel]
    public async Task throttling_is_what_the_cgroups_file_says()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        CgroupFiles.LimitCpu(pod.App, 0.2);
        double request = CgroupFiles.RequestHalfACore(pod.App);
        Assert.Equal(0, await pod.UseAsync(pod.App, "cpu", "0.4"));
        await Task.Delay(300); // the period's timer goes to rest
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        (double periods, double throttled, double seconds) = CgroupFiles.Throttling(pod.App);
        Assert.Equal(periods, s["cpu_periods_total app"]);
        Assert.Equal(throttled, s["cpu_throttled_periods_total app"]);
        Assert.Equal(seconds, s["cpu_throttled_seconds_total app"], 1e-9);

        // 0.4 s at 0.2 of a core are 20 periods; on a busy machine it is kept waiting by others in some of them.
        Assert.InRange(s["cpu_throttled_periods_total app"], 3, Patience.IsLong ? periods : 30);
        Assert.InRange(s["cpu_throttled_seconds_total app"], 0.1, 4);
        Assert.Equal(0.2, s["cpu_limit_cores app"]);
        Assert.Equal(request, s["cpu_request_cores app"]);
    }

    [Fact]
    [OnEveryKernel]
    public async Task sixty_four_mebibytes_written_past_the_cache_are_told_by_device()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        await using LoopDevice loop = await LoopDevice.StartAsync(64);
        CgroupFiles.CountDevice(pod.Proxy, loop.Numbers);
        Assert.Equal(0, await pod.UseAsync(pod.App, "write", loop.Path, "64"));
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        Assert.Equal(64 * Mib, s[$"block_io_bytes_total app device=\"{loop.Name}\",direction=\"write\""]);
        Assert.Equal(0, s[$"block_io_bytes_total app device=\"{loop.Name}\",direction=\"read\""]);
        Assert.InRange(s[$"block_io_operations_total app device=\"{loop.Name}\",direction=\"write\""], 64, 1024);
    }

    [Fact]
    [OnEveryKernel]
    public async Task a_process_killed_for_want_of_memory_counts_one()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        Assert.Equal(0, (await pod.ScrapeAsync())["oom_kills_total app"]);
        CgroupFiles.LimitMemory(pod.App, 32 << 20);
        Assert.Equal(128 + Signals.Kill, await pod.UseAsync(pod.App, "memory", "100"));
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        Assert.Equal(1, s["oom_kills_total app"]);
        Assert.Equal(0, s["oom_kills_total proxy"]);
        Assert.Equal(32 * Mib, s["memory_limit_bytes app"]);
    }

    [Fact]
    public async Task interfaces_of_the_pod_are_what_its_namespace_says()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        BedContainer sleeper = pod.Start(pod.App, "/bin/sleep", "60");
        Assert.Equal(0, await pod.UseAsync(pod.Proxy, "send", "100"));
        IReadOnlyDictionary<string, double> s = await pod.ScrapeAsync();

        // 1000 bytes of load, 8 of UDP, 20 of IP: the loopback has no header of its own.
        Assert.Equal(100, s["interface_packets_total interface=\"lo\",direction=\"receive\""]);
        Assert.Equal(100 * 1028, s["interface_bytes_total interface=\"lo\",direction=\"transmit\""]);
        Assert.Equal(100 * 1028, s["interface_bytes_total interface=\"lo\",direction=\"receive\""]);
        Assert.Equal(0, s["interface_errors_total interface=\"lo\",direction=\"receive\""]);
        Assert.Equal(0, s["interface_drops_total interface=\"lo\",direction=\"receive\""]);
        Assert.Equal(0, s["sockets protocol=\"tcp\",state=\"in_use\""]);
        Assert.Contains(sleeper.Pid, sleeper.Processes);
    }

    [Fact]
    public async Task the_sidecars_share_is_its_part_of_the_cpu_time()
    {
        await using UsagePod pod = await UsagePod.StartAsync();
        await pod.ScrapeAsync();
        Assert.Equal(0, await pod.UseAsync(pod.App, "cpu", "0.9"));
        Assert.Equal(0, await pod.UseAsync(pod.Proxy, "cpu", "0.3"));
        (double app, double proxy) = (CgroupFiles.CpuSeconds(pod.App), CgroupFiles.CpuSeconds(pod.Proxy));
        Assert.Equal(proxy / (app + proxy), (await pod.ScrapeAsync())["sidecar_cpu_ratio"], 0.01);
        Assert.InRange(app / proxy, Patience.IsLong ? 1.5 : 2.7, 3);
        Assert.DoesNotContain("sidecar_cpu_ratio", (await pod.ScrapeAsync()).Keys);
    }
}
