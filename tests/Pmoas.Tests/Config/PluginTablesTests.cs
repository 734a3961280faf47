using System.ComponentModel.DataAnnotations;
using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class PluginTablesTests
{
    public sealed class ProbeOptions
    {
        [Range(0, 65535)]
        public int OnlyPort { get; set; }

        public TimeSpan Floor { get; set; } = TimeSpan.FromMicroseconds(50);
    }

    [Fact]
    public void a_table_enables_unless_it_says_otherwise()
    {
        PluginTables tables = Tables("[plugins.a]\n[plugins.b]\nenabled = true\n[plugins.c]\nenabled = false\n");

        Assert.Equal("a b", string.Join(" ", "abcd".Select(c => $"{c}").Where(tables.IsEnabled)));
    }

    [Fact]
    public void binds_a_table_to_the_plugin_s_own_options()
    {
        (object? options, IReadOnlyList<ConfigError> errors) =
            Tables("[plugins.a]\nenabled = true\nonly_port = 80\nfloor = \"1ms\"\n").Bind("a", typeof(ProbeOptions));

        Assert.Empty(errors);
        ProbeOptions bound = Assert.IsType<ProbeOptions>(options);
        Assert.Equal(80, bound.OnlyPort);
        Assert.Equal(TimeSpan.FromMilliseconds(1), bound.Floor);
    }

    [Fact]
    public void tells_every_mistake_of_a_plugin_s_table_at_its_place()
    {
        (object? options, IReadOnlyList<ConfigError> errors) =
            Tables("[plugins.a]\nonly_prt = 80\nfloor = 1\nonly_port = 70000\n").Bind("a", typeof(ProbeOptions));

        Assert.Null(options);
        Assert.Equal(
            [
                "pmoas.toml:2:1: plugins.a.only_prt: \"only_prt\" is not a known key; did you mean \"only_port\"? allowed: only_port, floor",
                "pmoas.toml:3:1: plugins.a.floor: 1 is an integer; allowed is a duration in quotes such as \"50us\", \"10ms\", \"5s\", \"1h30m\"",
                "pmoas.toml:4:1: plugins.a.only_port: 70000 is out of range; allowed is 0 to 65535",
            ],
            errors.Select(e => e.ToString()));
    }

    [Fact]
    public void a_plugin_without_a_table_has_its_defaults()
    {
        (object? options, IReadOnlyList<ConfigError> errors) = PluginTables.None.Bind("a", typeof(ProbeOptions));

        Assert.Empty(errors);
        Assert.Equal(0, Assert.IsType<ProbeOptions>(options).OnlyPort);
    }

    [Fact]
    public void a_plugin_without_options_takes_no_key()
    {
        (object? options, IReadOnlyList<ConfigError> errors) = Tables("[plugins.a]\nx = 1\n").Bind("a", null);

        Assert.Null(options);
        Assert.Equal(["pmoas.toml:2:1: plugins.a.x: \"x\" is not a known key; none is allowed here"], errors.Select(e => e.ToString()));
    }

    [Fact]
    public void an_unknown_plugin_is_told_with_those_there_are()
    {
        IReadOnlyList<ConfigError> errors = Tables("[plugins.acept]\n[plugins.no_op]\n").CheckPlugins(["no_op", "accept"]);

        Assert.Equal(
            ["pmoas.toml:1:10: plugins.acept: \"acept\" is not a plugin that was found; did you mean \"accept\"? allowed: accept, no_op"],
            errors.Select(e => e.ToString()));
    }

    [Fact]
    public void the_text_of_a_table_changes_with_its_options_only()
    {
        static string Text(string toml) => Tables(toml).All["a"].Section.ToString();

        Assert.Equal(Text("[plugins.a]\nx = 1\ny = [\"b\"]"), Text("# moved\n[plugins.a]\nenabled = false\ny = [ 'b' ]\nx = 1"));
        Assert.NotEqual(Text("[plugins.a]\nx = 1"), Text("[plugins.a]\nx = 2"));
        Assert.NotEqual(Text("[plugins.a]\nx = 1"), Text("[plugins.a]\nx = \"1\""));
    }

    private static PluginTables Tables(string toml)
    {
        ConfigResult result = ConfigFile.Parse(toml, "pmoas.toml");
        Assert.Empty(result.Errors);
        return result.Options!.PluginTables;
    }
}
