namespace Pmoas.EndToEnd;

/// <summary>Live reload: by edit, by SIGHUP; a bad edit changes nothing.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task an_edit_of_a_plugins_option_restarts_that_plugin_with_it()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]\nlevel = 3");
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        await daemon.UntilMetricAsync("pmoas_bad_probe_level 3");

        site.Write("[plugins.bad_probe]\nlevel = 4");
        await daemon.UntilMetricAsync("pmoas_bad_probe_level 4");
        await daemon.UntilMetricAsync("pmoas_plugin_restarts_total{plugin=\"bad_probe\"} 1");
        await daemon.UntilMetricAsync("pmoas_config_reloads_total{result=\"ok\"} 1");
        Assert.Equal(1, KernelObjects.Of(daemon.Id).PluginLinks);
    }

    [Fact]
    public async Task SIGHUP_reads_the_file_again_and_leaves_a_plugin_alone_whose_options_are_the_same()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]\nlevel = 3");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        daemon.Signal("HUP");
        await daemon.UntilMetricAsync("pmoas_config_reloads_total{result=\"ok\"} 1");
        await daemon.UntilMetricAsync("pmoas_plugin_restarts_total{plugin=\"bad_probe\"} 0");
    }

    [Fact]
    public async Task a_bad_edit_is_told_and_the_running_configuration_goes_on()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]\nlevel = 3");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        site.Write("[plugins.bad_probe]\nlevel = 500");
        await daemon.UntilMetricAsync("pmoas_config_reloads_total{result=\"error\"} 1");
        await daemon.UntilMetricAsync("pmoas_bad_probe_level 3");
        await daemon.UntilMetricAsync("pmoas_plugin_restarts_total{plugin=\"bad_probe\"} 0");
        Assert.Contains("plugins.bad_probe.level: 500", daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_plugin_is_switched_off_and_on_again_by_edits()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]");
        await using HostProcess daemon = await HostProcess.RunAsync(site);
        var held = KernelObjects.Of(daemon.Id);
        Assert.Equal(1, held.PluginLinks);

        site.Write("[plugins.bad_probe]\nenabled = false");
        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"stopped\"} 1");
        Assert.Equal(0, KernelObjects.Of(daemon.Id).PluginLinks);

        site.Write("[plugins.bad_probe]\nenabled = true");
        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"bad_probe\",state=\"running\"} 1");
        Assert.Equal(1, KernelObjects.Of(daemon.Id).PluginLinks);
        Assert.Equal(held.Ids.Count, KernelObjects.Of(daemon.Id).Ids.Count);
    }
}
