using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Demo;

public sealed class PodBedTests
{
    private const string Prefix = "pmoas-bedtest";
    private const int Body = 777;

    public static TheoryData<string, bool> Proxies => new()
    {
        { "haproxy", false },
        { "haproxy", true },
        { "nginx", false },
        { "nginx", true },
    };

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task answers_every_request_of_the_load_through_the_sidecar(string proxy, bool keepAlive)
    {
        await using PodBed bed = await PodBed.StartAsync(Options(proxy) with { InsideConnections = Inside(keepAlive) }, Cancelled);

        Load load = await Load.RunAsync(bed, requests: 200, concurrency: 4, keepAlive, Cancelled);

        Assert.Equal(200, load.Complete);
        Assert.Equal(0, load.Failed);
        Assert.Equal(0, load.Non2xx);
        Assert.Equal(keepAlive ? 200 : 0, load.KeepAlive);
        Assert.Equal(200 * Body, load.BodyBytes);
        Assert.True(load.TransferredBytes > load.BodyBytes);
        Assert.True(TimeSpan.Zero < load.P50 && load.P50 <= load.P95 && load.P95 <= load.P99 && load.P99 <= load.Max, load.ToString());
    }

    [Theory]
    [MemberData(nameof(Proxies))]
    public async Task the_exact_client_sees_the_same_bytes_for_every_request(string proxy, bool keepAlive)
    {
        await using PodBed bed = await PodBed.StartAsync(Options(proxy) with { InsideConnections = Inside(keepAlive) }, Cancelled);

        ExactTraffic one = await ExactClient.RunAsync(bed, bed.SidecarUrl, requests: 1, keepAlive);
        ExactTraffic many = await ExactClient.RunAsync(bed, bed.SidecarUrl, requests: 50, keepAlive, connections: 3);

        Assert.Equal(new ExactTraffic(1, 1, RequestLength(bed.SidecarUrl, keepAlive), one.ReceivedBytes, Body), one);
        Assert.Equal(new ExactTraffic(keepAlive ? 3 : 50, 50, 50 * one.SentBytes, 50 * one.ReceivedBytes, 50 * Body), many);
    }

    [Theory]
    [InlineData("haproxy", "IPv6", "IPv6")]
    [InlineData("haproxy", "V4Mapped", "V4Mapped")]
    [InlineData("haproxy", "IPv4", "IPv6")]
    [InlineData("nginx", "IPv6", "IPv4")]
    [InlineData("nginx", "V4Mapped", "V4Mapped")]
    public async Task reaches_sidecar_and_service_over_every_kind_of_address(string proxy, string outside, string inside)
    {
        PodBedOptions options = Options(proxy) with { Outside = Enum.Parse<AddressKind>(outside), Inside = Enum.Parse<AddressKind>(inside) };
        await using PodBed bed = await PodBed.StartAsync(options, Cancelled);

        Load through = await Load.RunAsync(bed, requests: 20, concurrency: 2, keepAlive: false, Cancelled);
        Load direct = await Load.RunAsync(bed, bed.ServiceUrl, requests: 20, concurrency: 2, keepAlive: false, Cancelled);

        Assert.Equal((20, 0, 20L * Body), (through.Complete, through.Failed, through.BodyBytes));
        Assert.Equal((20, 0, 20L * Body), (direct.Complete, direct.Failed, direct.BodyBytes));
        Assert.Equal(outside == "IPv6", bed.SidecarUrl.HostNameType == UriHostNameType.IPv6);
    }

    [Theory]
    [InlineData("haproxy", 2)] // master and one worker of three threads
    [InlineData("nginx", 4)]   // master and three workers
    public async Task every_process_lives_in_its_containers_cgroups_and_in_the_pods_netns(string proxy, int processes)
    {
        await using PodBed bed = await PodBed.StartAsync(Options(proxy) with { SidecarWorkers = 3 }, Cancelled);

        // nginx listens before it has forked all its workers.
        for (int i = 0; i < 500 && (bed.Sidecar.Processes.Count < processes || bed.Service.Processes.Count < 2); i++)
        {
            await Task.Delay(10, Cancelled);
        }

        Assert.Equal(processes, bed.Sidecar.Processes.Count);
        Assert.Equal(2, bed.Service.Processes.Count);
        Assert.Contains(bed.Sidecar.Pid, bed.Sidecar.Processes);
        foreach (BedContainer container in (BedContainer[])[bed.Sidecar, bed.Service])
        {
            foreach (int pid in container.Processes)
            {
                string[] cgroups = [.. File.ReadLines($"/proc/{pid}/cgroup").Select(line => line.Split(':', 3)[2]).Distinct()];
                Assert.Equal([container.CgroupPath], cgroups);
                Assert.Equal(await NetnsOf(bed.PodNetns), new FileInfo($"/proc/{pid}/ns/net").LinkTarget);
            }
        }
    }

    [Fact]
    public async Task a_custom_sidecar_and_the_large_body_it_carries()
    {
        PodBedOptions options = Options("custom") with { Sidecar = plan => Haproxy.Sidecar(plan) with { Image = "example/own:1" }, BodyBytes = 300_000 };
        await using PodBed bed = await PodBed.StartAsync(options, Cancelled);

        ExactTraffic traffic = await ExactClient.RunAsync(bed, bed.SidecarUrl, requests: 10, keepAlive: true);

        Assert.Equal(3_000_000, traffic.BodyBytes);
        Assert.Contains("""{ name = "proxy", cgroup = "/""" + bed.Name + """/proxy", image = "example/own:1", labels = {} }""", bed.StaticPodToml(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_connection_left_open_carries_one_request_after_another()
    {
        await using PodBed bed = await PodBed.StartAsync(Options("haproxy"), Cancelled);

        using ExactConnection connection = await ExactClient.OpenAsync(bed, bed.SidecarUrl);
        connection.Request();
        connection.Request(close: true);

        Assert.Equal((2, 2L * Body), (connection.Requests, connection.BodyBytes));
    }

    [Fact]
    public async Task two_beds_live_side_by_side_and_leave_nothing()
    {
        string first, second;
        await using (PodBed one = await PodBed.StartAsync(Options("haproxy"), Cancelled))
        await using (PodBed two = await PodBed.StartAsync(Options("nginx"), Cancelled))
        {
            (first, second) = (one.Name, two.Name);
            Load[] loads = await Task.WhenAll(
                Load.RunAsync(one, requests: 100, concurrency: 2, keepAlive: false, Cancelled),
                Load.RunAsync(two, requests: 100, concurrency: 2, keepAlive: false, Cancelled));

            Assert.All(loads, load => Assert.Equal((100, 0), (load.Complete, load.Failed)));
            Assert.NotEqual(one.SidecarUrl, two.SidecarUrl);
        }

        Assert.NotEqual(first, second);
        AssertGone(first);
        AssertGone(second);
    }

    [Fact]
    public async Task a_sidecar_that_does_not_start_is_explained_and_leaves_nothing()
    {
        string name = "";
        PodBedOptions options = Options("broken") with
        {
            Sidecar = plan =>
            {
                name = plan.Name;
                return new ContainerCommand("broken", ["/bin/sh", "-c", "echo no such luck >&2; exit 3"]);
            },
        };

        DemoException refused = await Assert.ThrowsAsync<DemoException>(() => PodBed.StartAsync(options, Cancelled));

        Assert.Equal("Container proxy (broken) ended with code 3: no such luck", refused.Message);
        AssertGone(name);
    }

    [Fact]
    public async Task a_step_that_throws_half_way_leaves_nothing()
    {
        string name = "";
        PodBedOptions options = Options("throws") with
        {
            Sidecar = plan =>
            {
                name = plan.Name;
                throw new InvalidOperationException("half-way");
            },
        };

        await Assert.ThrowsAsync<InvalidOperationException>(() => PodBed.StartAsync(options, Cancelled));

        AssertGone(name);
    }

    [Fact]
    public async Task a_load_that_cannot_reach_the_pod_says_so()
    {
        await using PodBed bed = await PodBed.StartAsync(Options("haproxy"), Cancelled);

        DemoException failed = await Assert.ThrowsAsync<DemoException>(
            () => Load.RunAsync(bed, new UriBuilder(bed.SidecarUrl) { Port = 1 }.Uri, 1, 1, keepAlive: false, Cancelled));

        Assert.Contains("Connection refused", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_bed_of_a_crashed_run_is_removed_by_the_next()
    {
        const string CrashPrefix = "pmoas-bedcrash";
        string stale = $"{CrashPrefix}-999999999-1"; // above the largest process id there can be
        await BedRemains.PodNetns(stale).CreateAsync(Cancelled);
        Directory.CreateDirectory(BedPlan.DirectoryOf(stale));
        PodCgroups.Create(BedRemains.CgroupPath(stale), BedRemains.CgroupPath(stale) + "/proxy");
        using BedContainer orphan = BedContainer.Start(
            "proxy", new ContainerCommand("sleep", ["/bin/sleep", "1000"]), BedRemains.PodNetns(stale), BedRemains.CgroupPath(stale) + "/proxy", BedPlan.DirectoryOf(stale));

        await using (PodBed bed = await PodBed.StartAsync(Options("haproxy") with { Prefix = CrashPrefix }, Cancelled))
        {
            AssertGone(stale);
            Assert.Equal([bed.Name], BedRemains.Names(CrashPrefix));
        }

        await orphan.ReapAsync();
        Assert.Empty(BedRemains.Names(CrashPrefix));
    }

    [Fact]
    public async Task work_in_a_netns_does_not_move_the_threads_of_the_pool()
    {
        await using PodBed bed = await PodBed.StartAsync(Options("haproxy"), Cancelled);
        string? own = new FileInfo("/proc/self/ns/net").LinkTarget;

        Assert.NotEqual(own, await NetnsOf(bed.ClientNetns));
        Assert.NotEqual(await NetnsOf(bed.PodNetns), await NetnsOf(bed.ClientNetns));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(NetnsOfThisThread, Cancelled))), seen => Assert.Equal(own, seen));
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static PodBedOptions Options(string proxy) => new()
    {
        Prefix = Prefix,
        Sidecar = proxy == "nginx" ? Nginx.Sidecar : Haproxy.Sidecar,
        BodyBytes = Body,
    };

    private static InsideConnections Inside(bool keepAlive) => keepAlive ? InsideConnections.KeepAlive : InsideConnections.CloseEach;

    private static int RequestLength(Uri url, bool keepAlive) =>
        $"GET / HTTP/1.1\r\nHost: {url.Authority}\r\n{(keepAlive ? "" : "Connection: close\r\n")}\r\n".Length;

    private static Task<string?> NetnsOf(NamedNetns network) => network.RunAsync(NetnsOfThisThread);

    private static string? NetnsOfThisThread() => new FileInfo("/proc/thread-self/ns/net").LinkTarget;

    private static void AssertGone(string name)
    {
        Assert.NotEqual("", name);
        Assert.DoesNotContain(NamedNetns.Existing(), netns => netns.StartsWith(name, StringComparison.Ordinal));
        Assert.All(PodCgroups.Directories(BedRemains.CgroupPath(name)), directory => Assert.False(Directory.Exists(directory), directory));
        Assert.False(Directory.Exists(BedPlan.DirectoryOf(name)));
        Assert.DoesNotContain(
            Directory.EnumerateDirectories("/proc", "*").Where(path => int.TryParse(Path.GetFileName(path), out _)),
            path => CommandLine(path).Contains($"/{name}/", StringComparison.Ordinal));
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline");
        }
        catch (IOException)
        {
            return ""; // ended while we looked
        }
    }
}
