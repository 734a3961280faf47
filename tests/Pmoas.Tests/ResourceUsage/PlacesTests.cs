using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Tests.Exposition;

namespace Pmoas.Tests.ResourceUsage;

public sealed class PlacesTests
{
    private const string Hybrid = """
        tmpfs /sys/fs/cgroup tmpfs rw 0 0
        cgroup2 /nowhere/unified cgroup2 rw 0 0
        cgroup /nowhere/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0
        cgroup /nowhere/a\040memory cgroup rw,memory 0 0
        cgroup /nowhere/systemd cgroup rw,xattr,name=systemd 0 0
        """;

    [Fact]
    public void a_v1_controller_is_where_it_is_mounted_and_pressure_is_in_the_common_hierarchy()
    {
        var places = CgroupPlaces.FromMounts(Hybrid, pressure: true);
        Assert.Equal(new CgroupPlace("/nowhere/cpu,cpuacct", false), places.Cpu);
        Assert.Equal(places.Cpu, places.CpuTime);
        Assert.Equal(new CgroupPlace("/nowhere/a memory", false), places.Memory);
        Assert.Equal(new CgroupPlace("/nowhere/unified", true), places.Pressure);
        Assert.Null(places.BlockIo);
        Assert.Null(places.Pids);
    }

    [Fact]
    public void what_is_nowhere_is_told()
    {
        Assert.Equal(
            ["cgroup controller blkio (io)", "cgroup controller pids", "pressure"],
            MissingParts.Of(CgroupPlaces.FromMounts(Hybrid, pressure: false)).Select(part => part.Name));
        using FakeHierarchy v2 = new(v2: true);
        Assert.Empty(MissingParts.Of(v2.Places));
        using FakeHierarchy v1 = new(v2: false);
        Assert.Empty(MissingParts.Of(v1.Places));
    }

    [Fact]
    public void a_machine_that_counts_no_device_is_told()
    {
        using FakeHierarchy v1 = new(v2: false);
        v1.Write("blkio", "", "blkio.throttle.io_service_bytes_recursive", "Total 0\n");
        Assert.Equal(["block I/O accounting"], MissingParts.Of(v1.Places).Select(part => part.Name));
        v1.Write("blkio", "", "blkio.throttle.io_service_bytes_recursive", "254:0 Read 0\nTotal 0\n");
        Assert.Empty(MissingParts.Of(v1.Places));
    }

    [Fact]
    public void on_v2_all_is_in_one_place()
    {
        using FakeHierarchy v2 = new(v2: true);
        Assert.Single(new[] { v2.Places.Cpu, v2.Places.CpuTime, v2.Places.Memory, v2.Places.BlockIo, v2.Places.Pids, v2.Places.Pressure }.Distinct());
        Assert.True(v2.Places.Cpu!.IsV2);
    }

    [Fact]
    public void cpu_time_needs_no_controller_on_v2()
    {
        var places = CgroupPlaces.FromMounts("cgroup2 /nowhere cgroup2 rw 0 0", pressure: false);
        Assert.Null(places.Cpu);
        Assert.Equal(new CgroupPlace("/nowhere", true), places.CpuTime);
    }

    [Fact]
    public async Task prometheus_takes_the_shipped_rules()
    {
        (int exitCode, string said) = await Promtool.RunAsync("", "check", "rules", Path.Combine(Root(), "plugins/ResourceUsage/rules.yml"));
        Assert.True(exitCode == 0, said);
        Assert.Contains("2 rules found", said, StringComparison.Ordinal);
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Pmoas.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException($"no Pmoas.slnx above {AppContext.BaseDirectory}");
    }
}
