using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pmoas.EndToEnd;

/// <summary>The verbs other than run.</summary>
public sealed class VerbTests
{
    [Fact]
    public async Task plugins_lists_what_can_be_imported_as_JSON()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        await using HostProcess pmoas = HostProcess.Start(site, "plugins", arguments: ["-o", "json"]);

        Assert.Equal(0, await pmoas.ExitAsync());
        JsonElement plugin = JsonDocument.Parse(pmoas.Output).RootElement[0];
        Assert.Equal("bad_probe", plugin.GetProperty("name").GetString());
        Assert.Equal("0.1.0", plugin.GetProperty("version").GetString());
        Assert.Equal("imported", plugin.GetProperty("state").GetString());
        Assert.Equal("state", plugin.GetProperty("hooks")[0].GetString());
    }

    [Fact]
    public async Task check_attaches_every_enabled_plugin_and_exits_0()
    {
        (int code, JsonElement[] findings) = await CheckAsync("[plugins.bad_probe]");

        Assert.Equal(0, code);
        Assert.Contains(findings, finding => finding.GetProperty("what").GetString() == "plugin bad_probe state"
            && finding.GetProperty("text").GetString() == "tp_btf (state)");
    }

    [Fact]
    public async Task check_exits_1_when_the_verifier_rejects_a_plugin()
    {
        (int code, JsonElement[] findings) = await CheckAsync("[plugins.bad_probe]", badAt: "verifier");

        Assert.Equal(1, code);
        JsonElement failed = Assert.Single(findings, finding => finding.GetProperty("verdict").GetString() == "fail");
        Assert.Equal("plugin bad_probe", failed.GetProperty("what").GetString());
    }

    [Fact]
    public async Task check_names_mistakes_in_the_table_of_a_plugin_that_is_switched_off()
    {
        (int code, JsonElement[] findings) = await CheckAsync("[plugins.bad_probe]\nenabled = false\nbraek = \"none\"");

        Assert.Equal(0, code);
        JsonElement[] told = [.. findings.Where(finding => finding.GetProperty("text").GetString()!.Contains("plugins.bad_probe", StringComparison.Ordinal))];
        Assert.Contains(told, finding => finding.GetProperty("verdict").GetString() == "degraded" && finding.GetProperty("text").GetString()!.EndsWith("(the plugin is switched off)", StringComparison.Ordinal));
        Assert.DoesNotContain(told, finding => finding.GetProperty("verdict").GetString() == "fail");
    }

    [Fact]
    public async Task monitor_prints_pure_JSON_lines_and_accounts_for_every_event()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]");
        await using HostProcess pmoas = HostProcess.Start(site, "monitor bad", arguments: ["--json", "--duration", "2"]);
        await pmoas.UntilLogAsync("[INFO] watching");
        await pmoas.StatusAsync("/healthz"); // refused: SYN_SENT, then CLOSE

        Assert.Equal(0, await pmoas.ExitAsync());
        string[] lines = pmoas.Output.Trim().Split('\n');
        Assert.All(lines, line => Assert.Equal("state", JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));

        // It shows every connection of the machine, and other tests make them by the ten thousand: events may be dropped, but none is in no count.
        Match end = Regex.Match(pmoas.Log, @"\[FINISHED\] [\d.]+ s: (\d+) events shown; (\d+) attempts = (\d+) delivered \+ (\d+) dropped");
        Assert.True(end.Success, pmoas.Log);
        int[] counts = [.. end.Groups.Values.Skip(1).Select(number => int.Parse(number.Value, CultureInfo.InvariantCulture))];
        Assert.Equal([lines.Length, counts[2] + counts[3], lines.Length], counts[..3]);
    }

    [Fact]
    public async Task monitor_of_a_stream_nobody_offers_names_those_there_are()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write("[plugins.bad_probe]");
        await using HostProcess pmoas = HostProcess.Start(site, "monitor good");

        Assert.Equal(1, await pmoas.ExitAsync());
        Assert.Contains("no stream \"good\" is offered by the running plugins; there is: bad.", pmoas.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task describe_shows_options_with_their_defaults_and_metrics()
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        await using HostProcess pmoas = HostProcess.Start(site, "describe bad_probe");

        Assert.Equal(0, await pmoas.ExitAsync());
        Assert.Contains("[plugins.bad_probe]", pmoas.Output, StringComparison.Ordinal);
        Assert.Contains("level = 0", pmoas.Output, StringComparison.Ordinal);
        Assert.Contains("pmoas_bad_probe_transitions_total", pmoas.Output, StringComparison.Ordinal);
    }

    /// <summary>What <c>pmoas check</c> finds with this configuration, and its exit code.</summary>
    private static async Task<(int Code, JsonElement[] Findings)> CheckAsync(string toml, string? badAt = null)
    {
        using Site site = new();
        site.Install(Built.BadProbe, "BadProbe");
        site.Write(toml);
        await using HostProcess pmoas = HostProcess.Start(site, "check", badAt, ["-o", "json"]);
        int code = await pmoas.ExitAsync();
        return (code, [.. JsonDocument.Parse(pmoas.Output).RootElement.EnumerateArray()]);
    }
}
