using System.Diagnostics;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd;

/// <summary>The commands of docs/writing-a-plugin.md, as they are printed, typed in an empty folder by somebody with nothing set up.</summary>
public sealed partial class GuideTests
{
    private const int Refusals = 40;
    private static readonly TimeSpan Enough = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task its_commands_lead_from_nothing_to_a_metric()
    {
        using Site site = new();
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-e2e" });
        site.WriteWithSources(bed.StaticPodToml());
        await FollowAsync(site);
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"my_probe\",state=\"running\"} 1");

        // Nobody listens at port 1: each connect is answered by a reset.
        string[] refused = ["/bin/bash", "-c", $"for i in $(seq {Refusals}); do : </dev/tcp/127.0.0.1/1; done 2>/dev/null; true"];
        using BedContainer client = BedContainer.Start("refused", new ContainerCommand("", refused), bed.PodNetns, bed.Service.CgroupPath, bed.Plan.Directory);
        await client.ReapAsync();
        Assert.True(client.ExitCode == 0, client.LogTail());

        await daemon.UntilMetricAsync($"pmoas_my_probe_resets_total{{namespace=\"demo\",pod=\"{bed.Name}\",container=\"app\",role=\"service\"}} {Refusals}");
    }

    /// <summary>Runs the guide's commands, with the places of an installed PMOAS replaced by those of this test.</summary>
    private static async Task FollowAsync(Site site)
    {
        string commands = Commands().Match(await File.ReadAllTextAsync(Built.WritingAPlugin)).Groups[1].Value
            .Replace("/usr/share/pmoas/sdk", Built.Packages, StringComparison.Ordinal)
            .Replace("/usr/lib/pmoas/plugins", site.Plugins, StringComparison.Ordinal)
            .Replace("/etc/pmoas/pmoas.toml", site.Config, StringComparison.Ordinal)
            .Replace("dotnet new pmoas-plugin", $"dotnet new pmoas-plugin --packages {Built.Packages}", StringComparison.Ordinal)
            .Replace("pmoas check", $"{Built.Host} check --config {site.Config} --plugins {site.Plugins}", StringComparison.Ordinal);
        string folder = Path.Combine(site.Folder, "stranger");
        Directory.CreateDirectory(folder);
        ProcessStartInfo start = new("/bin/sh", ["-exc", commands]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // Templates and packages of their own: what the user has installed is not ours to change, and may be an older one.
        start.Environment["DOTNET_CLI_HOME"] = folder;
        start.Environment["NUGET_PACKAGES"] = Path.Combine(folder, "packages");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process shell = Process.Start(start)!;
        using CancellationTokenSource patience = new(Enough);
        Task<string> output = shell.StandardOutput.ReadToEndAsync(patience.Token), error = shell.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await shell.WaitForExitAsync(patience.Token);
        }
        finally
        {
            shell.Kill(entireProcessTree: true);
        }

        Assert.True(shell.ExitCode == 0, $"the guide's commands ended with {shell.ExitCode}:\n{await output}\n{await error}");
        Assert.DoesNotContain("warning", await output, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex("```sh\\n(.+?)```", RegexOptions.Singleline)]
    private static partial Regex Commands();
}
