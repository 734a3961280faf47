using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class ConfigMistakeTests
{
    [Theory]
    [InlineData("[http]\nlissten = \"x\"", "pmoas.toml:2:1: http.lissten: \"lissten\" is not a known key; did you mean \"listen\"? allowed: listen, certificate_file, key_file, users_file, token_file, insecure, concurrent_requests")]
    [InlineData("[htpp]", "pmoas.toml:1:2: htpp: \"htpp\" is not a known key; did you mean \"http\"? allowed: http, log, daemon, sidecar_defaults, sidecars, pods, sources, plugins")]
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
    [InlineData("[[sidecars]]", "pmoas.toml:1:3: sidecars[1]: matches nothing; at least one of namespace, name, image, label, command, listed_in, kind is needed")]
    [InlineData("[[sidecars]]\nname = \"\"", "pmoas.toml:2:1: sidecars[1].name: \"\" matches nothing; write what it should match, or leave the key out")]
    [InlineData("[[sidecars]]\nneeds_company = true", "pmoas.toml:1:3: sidecars[1]: matches nothing; at least one of namespace, name, image, label, command, listed_in, kind is needed")]
    [InlineData("[[sidecars]]\nneeds_company = \"yes\"\nname = \"x\"", "pmoas.toml:2:1: sidecars[1].needs_company: \"yes\" is text; allowed is true or false")]
    [InlineData("[[sidecars]]\nlabel = \"=x\"", "pmoas.toml:2:1: sidecars[1].label: \"=x\" has no key; allowed is \"key\" or \"key=glob\"")]
    [InlineData("[[sidecars]]\nlisted_in = \"a/b=c\"", "pmoas.toml:2:1: sidecars[1].listed_in: \"a/b=c\" is no key; the names stand in the pod's label or annotation, so write its key alone")]
    [InlineData("[[sidecars]]\nkind = \"sandbox\"", "pmoas.toml:2:1: sidecars[1].kind: \"sandbox\" is not a known value; allowed: main, init, native_sidecar, ephemeral")]
    [InlineData("[[sidecars]]\nkind = \"sidecar\"", "pmoas.toml:2:1: sidecars[1].kind: \"sidecar\" is not a known value; allowed: main, init, native_sidecar, ephemeral")]
    public void points_at_a_value_that_is_not_allowed(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("listen = \"0.0.0.0:8765\"", "pmoas.toml:2:1: http.listen: \"0.0.0.0:8765\" can be reached from other machines: set certificate_file and key_file, and users_file or token_file, or else insecure = true")]
    [InlineData("listen = \"[::]:8765\"\ntoken_file = \"/etc/t\"", "pmoas.toml:2:1: http.listen: \"[::]:8765\" can be reached from other machines: set certificate_file and key_file, and users_file or token_file, or else insecure = true")]
    [InlineData("listen = \"10.0.0.1:1\"\ncertificate_file = \"/c\"\nkey_file = \"/k\"", "pmoas.toml:2:1: http.listen: \"10.0.0.1:1\" can be reached from other machines: set certificate_file and key_file, and users_file or token_file, or else insecure = true")]
    [InlineData("certificate_file = \"/c\"", "pmoas.toml:2:1: http.certificate_file: it needs key_file beside it")]
    [InlineData("key_file = \"/k\"", "pmoas.toml:2:1: http.key_file: it needs certificate_file beside it")]
    [InlineData("users_file = \"users\"", "pmoas.toml:2:1: http.users_file: \"users\" is no path from / on; allowed is one such as \"/etc/pmoas/users_file\"")]
    [InlineData("concurrent_requests = 0", "pmoas.toml:2:1: http.concurrent_requests: 0 is out of range; allowed is 1 to 256")]
    public void points_at_a_mistake_in_http(string text, string error) => Assert.Equal([error], Errors("[http]\n" + text));

    [Theory]
    [InlineData("listen = \"127.0.0.2:8765\"")]
    [InlineData("listen = \"[::1]:8765\"")]
    [InlineData("listen = \"0.0.0.0:8765\"\ninsecure = true")]
    [InlineData("listen = \"0.0.0.0:8765\"\ncertificate_file = \"/c\"\nkey_file = \"/k\"\nusers_file = \"/u\"")]
    [InlineData("listen = \"0.0.0.0:8765\"\ncertificate_file = \"/c\"\nkey_file = \"/k\"\ntoken_file = \"/t\"")]
    public void takes_an_address_that_is_safe_or_said_to_be(string text) =>
        Assert.Empty(ConfigFile.Parse("[http]\n" + text, "pmoas.toml").Errors);

    [Theory]
    [InlineData("[pods]\ninclude_namespaces = [\"a\", \"\"]", "pmoas.toml:2:1: pods.include_namespaces: \"\" is no namespace; write a glob such as \"team-*\", or leave it out")]
    [InlineData("[pods]\nexclude_namespaces = [\" \"]", "pmoas.toml:2:1: pods.exclude_namespaces: \"\" is no namespace; write a glob such as \"team-*\", or leave it out")]
    [InlineData("[pods]\nexclude_namespaces = \"kube-system\"", "pmoas.toml:2:1: pods.exclude_namespaces: \"kube-system\" is text; allowed is an array")]
    [InlineData("[pods]\nnaming_timeout = \"11m\"", "pmoas.toml:2:1: pods.naming_timeout: 11m is out of range; allowed is 0s to 10m")]
    [InlineData("[pods]\nnamespaces = []", "pmoas.toml:2:1: pods.namespaces: \"namespaces\" is not a known key; allowed: include_namespaces, exclude_namespaces, naming_timeout")]
    public void points_at_a_mistake_in_pods(string text, string error) => Assert.Equal([error], Errors(text));

    [Theory]
    [InlineData("kubernetes]\nkubeconfig = \"kube/config\"", "pmoas.toml:2:1: sources.kubernetes.kubeconfig: \"kube/config\" is no absolute path; the daemon runs in another directory than you do, so write it from / on, such as \"/etc/kubernetes/kubelet.conf\"")]
    [InlineData("kubernetes]\nkubeconfig = \"~/.kube/config\"", "pmoas.toml:2:1: sources.kubernetes.kubeconfig: \"~/.kube/config\" is no absolute path; the daemon runs in another directory than you do, so write it from / on, such as \"/etc/kubernetes/kubelet.conf\"")]
    [InlineData("kubernetes]\nnode_name = \"Node_1\"", "pmoas.toml:2:1: sources.kubernetes.node_name: \"Node_1\" is no node name; allowed is what kubectl get nodes shows: a-z, 0-9, - and ., at most 253 of them, such as \"node-1.example\"")]
    [InlineData("kubernetes]\nnode_name = \"-a\"", "pmoas.toml:2:1: sources.kubernetes.node_name: \"-a\" is no node name; allowed is what kubectl get nodes shows: a-z, 0-9, - and ., at most 253 of them, such as \"node-1.example\"")]
    [InlineData("kubernetes]\nnode_name = \"a..b\"", "pmoas.toml:2:1: sources.kubernetes.node_name: \"a..b\" is no node name; allowed is what kubectl get nodes shows: a-z, 0-9, - and ., at most 253 of them, such as \"node-1.example\"")]
    [InlineData("kubernetes]\nwatch_timeout = \"1s\"", "pmoas.toml:2:1: sources.kubernetes.watch_timeout: 1s is out of range; allowed is 5s to 1h")]
    [InlineData("kubernetes]\nenabled = \"auto\"", "pmoas.toml:2:1: sources.kubernetes.enabled: \"auto\" is text; allowed is true or false")]
    [InlineData("cri]\nendpoints = [\"unix://run/x.sock\"]", "pmoas.toml:2:1: sources.cri.endpoints: \"run/x.sock\" is no path of a socket; allowed is one from / on such as \"/run/containerd/containerd.sock\", with or without unix:// before it")]
    [InlineData("cri]\nendpoints = [\"/run/\"]", "pmoas.toml:2:1: sources.cri.endpoints: \"/run/\" is no path of a socket; allowed is one from / on such as \"/run/containerd/containerd.sock\", with or without unix:// before it")]
    [InlineData("docker]\nendpoints = [\"tcp://127.0.0.1:2375\"]", "pmoas.toml:2:1: sources.docker.endpoints: \"tcp://127.0.0.1:2375\" is no path of a socket; allowed is one from / on such as \"/run/containerd/containerd.sock\", with or without unix:// before it")]
    [InlineData("docker]\nendpoints = [\"\"]", "pmoas.toml:2:1: sources.docker.endpoints: \"\" is no path of a socket; allowed is one from / on such as \"/run/containerd/containerd.sock\", with or without unix:// before it")]
    [InlineData("docker]\nendpoint = [\"/x\"]", "pmoas.toml:2:1: sources.docker.endpoint: \"endpoint\" is not a known key; did you mean \"endpoints\"? allowed: enabled, endpoints")]
    [InlineData("cgroupfs]\nendpoints = []", "pmoas.toml:2:1: sources.cgroupfs.endpoints: \"endpoints\" is not a known key; allowed: enabled")]
    [InlineData("containerd]\nenabled = true", "pmoas.toml:1:10: sources.containerd: \"containerd\" is not a known key; allowed: static, kubernetes, cri, docker, cgroupfs")]
    public void points_at_a_mistake_in_a_source(string text, string error) => Assert.Equal([error], Errors($"[sources.{text}"));

    [Fact]
    public void a_node_name_is_not_longer_than_the_api_server_takes()
    {
        Assert.Single(Errors($"[sources.kubernetes]\nnode_name = \"{new string('a', 254)}\""));
        Assert.Empty(ConfigFile.Parse($"[sources.kubernetes]\nnode_name = \"{new string('a', 253)}\"", "pmoas.toml").Errors);
    }

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
