using Pmoas.Host.Demo;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;
using Pmoas.Tests.ResourceUsage;

namespace Pmoas.KernelTests.ResourceUsage;

public sealed class VanishingCgroupTests : IAsyncDisposable
{
    private readonly string _cgroup = $"/pmoas-test-vanish-{Environment.ProcessId}";
    private readonly UsageLab _lab = new(CgroupPlaces.Detect());

    public VanishingCgroupTests() => PodCgroups.Create(_cgroup, $"{_cgroup}/app");

    public async ValueTask DisposeAsync()
    {
        _lab.Dispose();
        await PodCgroups.RemoveAsync(_cgroup);
    }

    [Fact]
    public async Task a_cgroup_that_is_removed_while_its_files_are_held_keeps_its_last_numbers_and_no_descriptor()
    {
        Container app = PodContainers.Make(2, "app", Role.Service) with { CgroupPath = $"{_cgroup}/app" };
        _lab.Index.Run(app);
        _lab.Collect();
        Assert.Equal(12, _lab.Kept); // by chance as many in version 1 as in 2
        CgroupFiles.LimitCpu($"{_cgroup}/app", 0.5);
        _lab.Collect();
        Assert.Equal("0.5", await _lab.AppAsync("cpu_limit_cores"));
        Assert.Equal("0", await _lab.AppAsync("cpu_seconds_total", "mode=\"user\""));
        string[] before = await _lab.LinesAsync();

        await PodCgroups.RemoveAsync(_cgroup);
        _lab.Collect();
        _lab.Collect();
        Assert.Equal(
            before.Where(line => !line.Contains("kept_files", StringComparison.Ordinal) && !line.Contains("limit", StringComparison.Ordinal)),
            (await _lab.LinesAsync()).Where(line => !line.Contains("kept_files", StringComparison.Ordinal)));

        _lab.Index.Run();
        _lab.Collect();
        Assert.Equal(["pmoas_resource_usage_kept_files 0", "pmoas_resource_usage_reopened_files_total 0"], await _lab.LinesAsync());
    }

    [Fact]
    public void real_files_are_read_without_an_allocation()
    {
        _lab.Index.Run(PodContainers.Make(2, "app", Role.Service) with { CgroupPath = $"{_cgroup}/app" });
        for (int i = 0; i < 10; i++)
        {
            _lab.Collect();
        }

        Assert.Equal(0, Allocations.OfBatch(100, _lab.Collect));
    }
}
