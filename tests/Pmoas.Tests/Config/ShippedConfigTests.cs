using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;

namespace Pmoas.Tests.Config;

public sealed partial class ShippedConfigTests
{
    private static readonly string Shipped = File.ReadAllText(Path.Combine(RepositoryRoot(), "pmoas.toml"));

    [Fact]
    public void loads_without_a_mistake_and_declares_nothing_by_hand()
    {
        PmoasOptions options = Options(Shipped);

        Assert.Empty(options.Sources.Static.Pods);
        Assert.Equal("127.0.0.1:8765", options.Http.Endpoint.ToString());
        Assert.Equal(ShippedRules.All, options.SidecarRules);
        Assert.Equal(["accept"], options.PluginTables.All.Keys);
        Assert.True(options.PluginTables.IsEnabled("accept"));
    }

    [Fact]
    public void every_commented_key_is_a_real_one_with_its_default()
    {
        PmoasOptions defaults = new();
        PmoasOptions options = Options(CommentedKey().Replace(Shipped, ""));

        Assert.Equal(defaults.Http.Listen, options.Http.Listen);
        Assert.Equal(defaults.Log.Level, options.Log.Level);
        Assert.Equal(defaults.Daemon.BpfStatistics, options.Daemon.BpfStatistics);
        Assert.Equal(defaults.Daemon.ContainerLinger, options.Daemon.ContainerLinger);
        Assert.Equal(defaults.SidecarDefaults, options.SidecarDefaults);
        Assert.Equal(ShippedRules.All.Select(RuleMatch.InWords), options.Sidecars.Select(RuleMatch.InWords));
        StaticPod pod = Assert.Single(options.Sources.Static.Pods);
        Assert.Equal(["/lab/proxy", "/lab/app"], pod.Containers.Select(c => c.Cgroup));
    }

    [Fact]
    public void one_rule_replaces_the_shipped_ones()
    {
        PmoasOptions options = Options("[[sidecars]]\nname = \"p\"\n");

        Assert.Equal(["rule 1 of pmoas.toml"], options.SidecarRules.Select(r => r.Origin));
    }

    [Fact]
    public void sidecar_defaults_puts_the_shipped_ones_after_it()
    {
        PmoasOptions options = Options("sidecar_defaults = true\n[[sidecars]]\nname = \"p\"\n");

        Assert.Equal(["rule 1 of pmoas.toml", .. ShippedRules.All.Select(r => r.Origin)], options.SidecarRules.Select(r => r.Origin));
    }

    private static PmoasOptions Options(string text)
    {
        ConfigResult result = ConfigFile.Parse(text, "/etc/pmoas/pmoas.toml");
        Assert.Empty(result.Errors);
        return result.Options!;
    }

    private static string RepositoryRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    [GeneratedRegex("^# ", RegexOptions.Multiline)]
    private static partial Regex CommentedKey();
}
