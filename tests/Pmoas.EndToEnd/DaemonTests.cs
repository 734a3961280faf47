using System.Net;

namespace Pmoas.EndToEnd;

/// <summary>The daemon's life as a process.</summary>
public sealed class DaemonTests
{
    private const string Enabled = "[plugins.bad_probe]\nlevel = 3";

    [Fact]
    public async Task serves_a_plugin_and_ends_cleanly_on_SIGTERM()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write(Enabled);
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        Assert.Equal(HttpStatusCode.OK, await daemon.StatusAsync("/healthz"));
        await daemon.UntilMetricAsync("pmoas_bad_probe_level 3");
        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"running\"} 1");
        await daemon.UntilMetricAsync("pmoas_plugin_hook{plugin=\"bad_probe\",hook=\"state\",program=\"state\",kind=\"tp_btf\"} 1");
        Assert.Contains("hooks: state=tp_btf", daemon.Log, StringComparison.Ordinal);
        var held = KernelObjects.Of(daemon.Id);
        Assert.True(held.Count("prog") >= 1);
        Assert.Equal(1, held.PluginLinks);

        daemon.Signal("TERM");
        Assert.Equal(0, await daemon.ExitAsync());
        Assert.Empty(await held.LeftAsync());
    }

    [Fact]
    public async Task leaves_no_program_in_the_kernel_after_SIGKILL()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write(Enabled);
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        var held = KernelObjects.Of(daemon.Id);
        Assert.Equal(1, held.PluginLinks);

        daemon.Signal("KILL");
        Assert.Equal(137, await daemon.ExitAsync());
        Assert.Empty(await held.LeftAsync());
    }

    [Fact]
    public async Task a_plugin_the_configuration_does_not_name_is_found_and_not_loaded()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        await using HostProcess daemon = await HostProcess.RunAsync(site, badAt: "constructor");

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"found\"} 1");
        Assert.Equal(0, KernelObjects.Of(daemon.Id).PluginLinks);
    }

    [Fact]
    public async Task says_that_the_port_is_in_use_and_exits_1()
    {
        using Site site = new();
        await using HostProcess first = await HostProcess.RunAsync(site);
        await using HostProcess second = HostProcess.Start(site, "run");

        Assert.Equal(1, await second.ExitAsync());
        Assert.Equal(
            $"pmoas: 127.0.0.1:{site.Port} is in use by another process; choose another address with --listen or [http] listen.",
            second.Log.Trim());
    }

    [Fact]
    public async Task tells_every_mistake_in_the_configuration_at_its_place_and_exits_2()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[log]\nlevel = \"loud\"\n[daemon]\nbpf_statistic = true\n[plugins.bad_probe]\nlevel = 101");
        await using HostProcess daemon = HostProcess.Start(site, "run");

        Assert.Equal(2, await daemon.ExitAsync());
        string[] lines = daemon.Log.Trim().Split('\n');
        Assert.Equal(4, lines.Length);
        Assert.StartsWith($"{site.Config}:4:1: log.level: \"loud\"", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"{site.Config}:6:1: daemon.bpf_statistic: ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"{site.Config}:8:1: plugins.bad_probe.level: 101", lines[2], StringComparison.Ordinal);
        Assert.Equal("pmoas: 3 mistakes in the configuration; nothing was started.", lines[3]);
    }

    [Fact]
    public async Task tells_mistakes_in_a_plugins_own_options_and_names_the_plugins_there_are()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]\nlevel = 101\n[plugins.bad_prob]");
        await using HostProcess daemon = HostProcess.Start(site, "run");

        Assert.Equal(2, await daemon.ExitAsync());
        string[] lines = daemon.Log.Trim().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Single(lines, line => line.StartsWith($"{site.Config}:4:1: plugins.bad_probe.level: 101", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith($"{site.Config}:5:", StringComparison.Ordinal) && line.Contains("bad_probe", StringComparison.Ordinal));
    }

    [Fact]
    public async Task exits_2_on_an_unknown_option_of_the_command_line()
    {
        using Site site = new();
        await using HostProcess daemon = HostProcess.Start(site, "run", arguments: ["--lisen", "127.0.0.1:1"]);

        Assert.Equal(2, await daemon.ExitAsync());
    }
}
