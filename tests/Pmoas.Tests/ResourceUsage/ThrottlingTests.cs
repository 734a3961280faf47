using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.ResourceUsage;

/// <summary>Throttling of a container whose own cgroup has others below it.</summary>
public sealed class ThrottlingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task that_of_the_cgroups_below_is_added_and_stays_when_they_go(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        Limited(cgroups, v2, "/lab/app/inner", 10, 4, 500);
        Limited(cgroups, v2, "/lab/app/inner/most", 5, 1, 250);
        Limited(cgroups, v2, "/lab/app/free", 0, 0, 0);
        lab.Index.Run(PodContainers.Make(2, "app", Role.Service));
        lab.Collect();
        Assert.Equal(("65", "25", "2.25"), await ToldAsync(lab));

        Limited(cgroups, v2, "/lab/app/inner", 12, 5, 600);
        lab.Collect();
        Assert.Equal(("67", "26", "2.35"), await ToldAsync(lab));

        cgroups.Remove("/lab/app/inner");
        lab.Collect();
        Limited(cgroups, v2, "/lab/app/inner", 1, 1, 100);
        lab.Collect();
        Assert.Equal(("68", "27", "2.45"), await ToldAsync(lab));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_container_without_a_limit_has_that_of_the_cgroups_below(bool v2)
    {
        using FakeHierarchy cgroups = new(v2);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        cgroups.Write("cpu", "/lab/app", v2 ? "cpu.max" : "cpu.cfs_quota_us", v2 ? "max 100000\n" : "-1\n");
        lab.Index.Run(PodContainers.Make(2, "app", Role.Service));
        lab.Collect();
        Assert.Equal((null, null, null), await ToldAsync(lab));
        Limited(cgroups, v2, "/lab/app/inner", 10, 4, 500);
        lab.Collect();
        Assert.Equal(("10", "4", "0.5"), await ToldAsync(lab));
    }

    private static void Limited(FakeHierarchy cgroups, bool v2, string path, int periods, int throttled, int milliseconds) => cgroups.Write(
        "cpu", path, "cpu.stat",
        $"nr_periods {periods}\nnr_throttled {throttled}\n{(v2 ? $"throttled_usec {milliseconds}000" : $"throttled_time {milliseconds}000000")}\n");

    private static async Task<(string?, string?, string?)> ToldAsync(UsageLab lab) => (
        await lab.AppAsync("cpu_periods_total"), await lab.AppAsync("cpu_throttled_periods_total"), await lab.AppAsync("cpu_throttled_seconds_total"));
}
