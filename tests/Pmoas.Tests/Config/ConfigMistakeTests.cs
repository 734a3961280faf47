using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class ConfigMistakeTests
{
    [Theory]
    [InlineData("[http]\nlissten = \"x\"", "pmoas.toml:2:1: http.lissten: \"lissten\" is not a known key; did you mean \"listen\"? allowed: listen")]
    [InlineData("[htpp]", "pmoas.toml:1:2: htpp: \"htpp\" is not a known key; did you mean \"http\"? allowed: http, log, daemon, sidecar_defaults, sidecars, sources, plugins")]
    [InlineData("[daemon]\n  color = 1", "pmoas.toml:2:3: daemon.color: \"color\" is not a known key; allowed: bpf_statistics, container_linger")]
    [InlineData("daemon.colour = 1", "pmoas.toml:1:8: daemon.colour: \"colour\" is not a known key; allowed: bpf_statistics, container_linger")]
    public void points_at_an_unknown_key(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("[http]\nlisten = 5", "pmoas.toml:2:1: http.listen: 5 is an integer; allowed is text in quotes")]
    [InlineData("[daemon]\nbpf_statistics = \"yes\"", "pmoas.toml:2:1: daemon.bpf_statistics: \"yes\" is text; allowed is true or false")]
    [InlineData("[daemon]\ncontainer_linger = 5", "pmoas.toml:2:1: daemon.container_linger: 5 is an integer; allowed is a duration in quotes such as \"50us\", \"10ms\", \"5s\", \"1h30m\", 0s to 1h")]
    [InlineData("sidecar_defaults = 1979-05-27", "pmoas.toml:1:1: sidecar_defaults: 1979-05-27 is a date; allowed is true or false")]
    [InlineData("http = 3", "pmoas.toml:1:1: http: 3 is an integer; allowed is a table, [http]")]
    [InlineData("sidecars = 4", "pmoas.toml:1:1: sidecars: 4 is an integer; allowed is an array of tables, [[sidecars]]")]
    [InlineData("sidecars = [true]", "pmoas.toml:1:13: sidecars[1]: true is a boolean; allowed is a table, { … }")]
    [InlineData("[sidecars]\nname = \"x\"", "pmoas.toml:1:2: sidecars: this is a table; allowed is an array of tables, [[sidecars]]")]
    [InlineData("[plugins]\naccept = 3", "pmoas.toml:2:1: plugins.accept: 3 is an integer; allowed is a table, [plugins.accept]")]
    [InlineData("[plugins.accept]\nenabled = \"no\"", "pmoas.toml:2:1: plugins.accept.enabled: \"no\" is text; allowed is true or false")]
    public void points_at_a_value_of_the_wrong_type(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("[daemon]\ncontainer_linger = \"2h\"", "pmoas.toml:2:1: daemon.container_linger: 2h is out of range; allowed is 0s to 1h")]
    [InlineData("[daemon]\ncontainer_linger = \"5 s\"", "pmoas.toml:2:1: daemon.container_linger: \"5 s\" is no duration; allowed is a duration in quotes such as \"50us\", \"10ms\", \"5s\", \"1h30m\", 0s to 1h")]
    [InlineData("[log]\nlevel = \"informaton\"", "pmoas.toml:2:1: log.level: \"informaton\" is not a known value; did you mean \"information\"? allowed: trace, debug, information, warning, error, critical, none")]
    [InlineData("[http]\nlisten = \"127.0.0.1\"", "pmoas.toml:2:1: http.listen: \"127.0.0.1\" is no address with a port; allowed is ADDRESS:PORT such as \"127.0.0.1:8765\" or \"[::]:8765\"")]
    [InlineData("[[sidecars]]", "pmoas.toml:1:3: sidecars[1]: matches nothing; at least one of name, image, label, command, listed_in, kind is needed")]
    [InlineData("[[sidecars]]\nname = \"\"", "pmoas.toml:2:1: sidecars[1].name: \"\" matches nothing; write what it should match, or leave the key out")]
    public void points_at_a_value_that_is_not_allowed(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("[http]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", "pmoas.toml:3:1: http.listen: set twice, first in line 2; keep one of them")]
    [InlineData("[http]\n[log]\n[http]", "pmoas.toml:3:1: http: set twice, first in line 1; keep one of them")]
    public void points_at_a_key_set_twice(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("[daemon]\ncontainer_linger = 5s", "pmoas.toml:2:21: not TOML: Unexpected token found `s` while expecting token `newline`, in: container_linger = 5s; text and durations stand in quotes, such as \"5s\"")]
    [InlineData("[log]\nlevel =", "pmoas.toml:2:8: not TOML: Unexpected token `<eof>` for a value, in: level =")]
    public void points_at_broken_syntax(string text, string error) => Assert.Equal([error], Errors(text));

    [Fact]
    public void a_quote_left_open_is_one_mistake() =>
        Assert.Equal(
            ["pmoas.toml:2:13: not TOML: Invalid newline in a string, in: level = \"inf"],
            Errors("[log]\nlevel = \"inf\n[daemon]\nbpf_statistics = true\n"));

    [Fact]
    public void reads_on_after_broken_syntax() =>
        Assert.Equal(
            [
                "pmoas.toml:2:21: not TOML: Unexpected token found `s` while expecting token `newline`, in: container_linger = 5s; text and durations stand in quotes, such as \"5s\"",
                "pmoas.toml:4:1: log.level: \"loud\" is not a known value; allowed: trace, debug, information, warning, error, critical, none",
            ],
            Errors("[daemon]\ncontainer_linger = 5s\n[log]\nlevel = \"loud\"\n"));

    [Fact]
    public void tells_every_mistake_of_static_pods_at_once() =>
        Assert.Equal(
            [
                "pmoas.toml:1:18: sources.static.pods[1].containers: has no container; at least one is needed",
                "pmoas.toml:3:8: sources.static.pods[1].labels.a: 1 is an integer; allowed is text in quotes",
                "pmoas.toml:4:18: sources.static.pods[2].name: missing; it must be set to text in quotes",
                "pmoas.toml:6:5: sources.static.pods[2].containers[1].cgroup: missing; it must be set to text in quotes",
                "pmoas.toml:7:5: sources.static.pods[2].containers[2].name: missing; it must be set to text in quotes",
                "pmoas.toml:7:7: sources.static.pods[2].containers[2].cgroup: \"/a/../b\" is no cgroup path; allowed is a path below the hierarchy's root such as \"/lab/proxy\"",
                "pmoas.toml:8:5: sources.static.pods[2].containers[3]: 5 is an integer; allowed is a table, { … }",
            ],
            Errors("""
                [[sources.static.pods]]
                name = "a"
                labels.a = 1
                [[sources.static.pods]]
                containers = [
                    { name = "x" },
                    { cgroup = "/a/../b" },
                    5,
                ]
                """));

    [Fact]
    public void a_name_or_a_cgroup_declared_twice_is_refused() =>
        Assert.Equal(
            [
                "pmoas.toml:1:18: sources.static.pods: 2 pods are called default/a; give each a name of its own",
                "pmoas.toml:1:18: sources.static.pods: cgroup \"/x\" is declared for 2 containers (x, x); a process can belong to one only",
            ],
            Errors("""
                [[sources.static.pods]]
                name = "a"
                containers = [{ name = "x", cgroup = "/x" }]
                [[sources.static.pods]]
                name = "a"
                containers = [{ name = "x", cgroup = "/x/" }]
                """));

    [Fact]
    public void a_mistake_in_each_section_is_told_in_the_order_of_the_file() =>
        Assert.Equal(["1:1", "3:1", "5:1", "7:1", "8:1", "10:1", "12:1", "13:1"],
            ConfigFile.Parse("""
                colour = 1
                [http]
                listen = 1
                [log]
                level = 1
                [daemon]
                container_linger = 1
                bpf_statistics = 1
                [[sidecars]]
                image = 1
                [plugins.accept]
                enabled = 1
                enabled = 2
                """, "pmoas.toml").Errors.Select(e => $"{e.At.Line}:{e.At.Column}"));

    [Fact]
    public void a_missing_file_is_a_mistake_not_an_exception()
    {
        ConfigResult result = ConfigFile.Load("/nowhere/pmoas.toml");

        Assert.Null(result.Options);
        Assert.Equal(["/nowhere/pmoas.toml: there is no such file; name another with --config"], result.Errors.Select(e => e.ToString()));
    }

    [Fact]
    public void a_file_that_is_not_utf8_is_refused()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0x61, 0xff, 0x3d]);
            Assert.Equal([$"{path}: is not UTF-8; save it as UTF-8"], ConfigFile.Load(path).Errors.Select(e => e.ToString()));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IEnumerable<string> Errors(string text)
    {
        ConfigResult result = ConfigFile.Parse(text, "pmoas.toml");
        Assert.Null(result.Options);
        return result.Errors.Select(e => e.ToString());
    }
}
