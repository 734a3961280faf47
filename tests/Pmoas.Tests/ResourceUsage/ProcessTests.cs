using Pmoas.ResourceUsage;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.ResourceUsage;

public sealed class ProcessTests
{
    private readonly Container _app = PodContainers.Make(2, "app", Role.Service);

    [Fact]
    public async Task processes_below_the_containers_cgroup_are_its_own_and_those_that_ended_have_no_files()
    {
        using FakeHierarchy cgroups = new(v2: false, without: "pids");
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        cgroups.Write("memory", "/lab/app", "cgroup.procs", $"{Environment.ProcessId}\n0\n2147483647\n");
        cgroups.Write("memory", "/lab/app/below", "cgroup.procs", "2147483646\n");
        lab.Index.Run(_app);
        lab.Collect();
        Assert.Equal("4", await lab.AppAsync("processes"));
        Assert.Equal("1", await lab.AppAsync("inspected_processes"));
        Assert.InRange(int.Parse((await lab.AppAsync("open_files"))!), 3, 100_000);
        Assert.InRange(int.Parse((await lab.AppAsync("threads"))!), 2, 10_000);
    }

    [Fact]
    public async Task no_more_processes_are_looked_at_than_the_bound_allows_and_each_container_has_its_turn()
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places, new ResourceUsageOptions { Refresh = TimeSpan.FromSeconds(5), MaxInspectedProcesses = 1 });
        Container proxy = PodContainers.Make(3, "proxy", Role.Sidecar);
        foreach (string path in new[] { "/lab/app", "/lab/proxy" })
        {
            cgroups.WriteContainer(path);
            cgroups.Write("memory", path, "cgroup.procs", $"{Environment.ProcessId}\n{Environment.ProcessId}\n");
        }

        lab.Index.Run(_app, proxy);
        lab.Collect();
        Assert.Equal("2", await lab.AppAsync("processes"));
        Assert.Equal("1", await lab.AppAsync("inspected_processes"));
        Assert.Equal("0", await lab.OfAsync("inspected_processes", "proxy", "sidecar"));
        lab.Collect();
        Assert.Equal("1", await lab.OfAsync("inspected_processes", "proxy", "sidecar"));
        Assert.Equal("1", await lab.AppAsync("inspected_processes"));
    }

    [Fact]
    public void open_files_are_the_same_by_either_way_of_counting()
    {
        using FileStream held = File.OpenRead("/proc/self/stat");

        // Other tests open and close files meanwhile.
        Assert.Contains(Enumerable.Range(0, 1000), _ => ProcessFolder.Listed(Environment.ProcessId) == ProcessFolder.OpenFiles(Environment.ProcessId));
        Assert.Equal(-1, ProcessFolder.OpenFiles(int.MaxValue));
        Assert.Equal(-1, ProcessFolder.Listed(int.MaxValue));
        Assert.Equal(0, ProcessFolder.Threads(int.MaxValue));
    }
}
