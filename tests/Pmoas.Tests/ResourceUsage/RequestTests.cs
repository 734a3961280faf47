using Pmoas.Host.Pods.Sources.Kubernetes;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.ResourceUsage;

/// <summary>What a container asked for.</summary>
public sealed class RequestTests
{
    private const string Kubelets = "/kubepods/burstable/pod1/app";

    [Theory]
    [InlineData("/lab/app", null, null)]
    [InlineData(Kubelets, null, "1")]
    [InlineData("/lab/app", 1.0, "1")]
    [InlineData(Kubelets, 0.25, "0.25")]
    public async Task one_core_is_the_kernels_default_unless_the_kubelet_wrote_it_or_the_pod_says_so(string path, double? told, string? request)
    {
        using FakeHierarchy cgroups = new(v2: false);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer(path);
        cgroups.Write("cpu", path, "cpu.shares", "1024\n");
        lab.Index.Run(PodContainers.Make(2, "app", Role.Service) with { CgroupPath = path, CpuRequest = told });
        lab.Collect();
        Assert.Equal(request, await lab.AppAsync("cpu_request_cores"));
    }

    [Fact]
    public async Task a_pod_that_is_told_later_is_believed()
    {
        using FakeHierarchy cgroups = new(v2: true);
        using UsageLab lab = new(cgroups.Places);
        cgroups.WriteContainer("/lab/app");
        Container app = PodContainers.Make(2, "app", Role.Service);
        lab.Index.Run(app);
        lab.Collect();
        Assert.Equal("0.48828125", await lab.AppAsync("cpu_request_cores"));
        lab.Index.Run(app with { CpuRequest = 0.5 });
        lab.Collect();
        lab.Collect();
        Assert.Equal("0.5", await lab.AppAsync("cpu_request_cores"));
    }

    [Theory]
    [InlineData("500m", 0.5)]
    [InlineData("1", 1.0)]
    [InlineData("0.25", 0.25)]
    [InlineData("1e-1", 0.1)]
    [InlineData("250000u", 0.25)]
    [InlineData("1500000000n", 1.5)]
    [InlineData("m", null)]
    [InlineData("-1", null)]
    [InlineData("lots", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void an_amount_of_cpu_is_read_as_kubernetes_writes_it(string? text, double? cores) => Assert.Equal(cores, CpuQuantity.Cores(text));
}
