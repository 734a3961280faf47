using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.Accept;

/// <summary>Runs programs in a container of the bed.</summary>
internal static class InPod
{
    /// <summary>Path of a program of <c>Accept/programs</c>, which the build compiled.</summary>
    internal static string Program(string name) => Path.Combine(AppContext.BaseDirectory, "programs", name);

    /// <summary>Runs a shell's script to its end.</summary>
    internal static Task RunAsync(PodBed bed, BedContainer container, string script) => RunAsync(bed, container, "/bin/bash", "-c", script);

    /// <summary>Runs a program to its end, which must be a good one.</summary>
    internal static async Task RunAsync(PodBed bed, BedContainer container, params string[] command)
    {
        using BedContainer run = BedContainer.Start("run", new ContainerCommand("", command), bed.PodNetns, container.CgroupPath, bed.Plan.Directory);
        await run.ReapAsync();
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', command)} ended with {run.ExitCode}: {run.LogTail()}");
    }
}
