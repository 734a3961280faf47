using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;

namespace Pmoas.Tests.Config;

public sealed partial class ShippedConfigTests
{
    private static readonly string Shipped = File.ReadAllText(Path.Combine(RepositoryRoot(), "pmoas.toml"));
    private static readonly string Uncommented = CommentedKey().Replace(Shipped, "");

    [Fact]
    public void loads_without_a_mistake_and_declares_nothing_by_hand()
    {
        PmoasOptions options = Options(Shipped);

        Assert.Empty(options.Sources.Static.Pods);
        Assert.Equal("127.0.0.1:8765", options.Http.Endpoint.ToString());
        Assert.Equal(ShippedRules.All, options.SidecarRules);
        Assert.Null(options.Sources.Kubernetes.Enabled);
        Assert.Null(options.Sources.Cri.Enabled);
        Assert.Null(options.Sources.Docker.Enabled);
        Assert.True(options.Sources.Cgroupfs.Enabled);
        Assert.Equal(["accept", "resource_usage", "sock_map", "stack_trace"], options.PluginTables.All.Keys);
        Assert.All(options.PluginTables.All.Keys, plugin => Assert.Equal(plugin != "stack_trace", options.PluginTables.IsEnabled(plugin)));
    }

    [Fact]
    public void every_commented_key_is_a_real_one_with_its_default()
    {
        PmoasOptions defaults = new();
        PmoasOptions options = Options(Uncommented);

        Assert.Equal(defaults.Http.Listen, options.Http.Listen);
        Assert.Equal(["", "", "", ""], new[] { options.Http.CertificateFile, options.Http.KeyFile, options.Http.UsersFile, options.Http.TokenFile });
        Assert.Equal(defaults.Http.Insecure, options.Http.Insecure);
        Assert.Equal(defaults.Http.ConcurrentRequests, options.Http.ConcurrentRequests);
        Assert.Equal(defaults.Log.Level, options.Log.Level);
        Assert.Equal(defaults.Daemon.BpfStatistics, options.Daemon.BpfStatistics);
        Assert.Equal(defaults.Daemon.ContainerLinger, options.Daemon.ContainerLinger);
        Assert.Equal(defaults.SidecarDefaults, options.SidecarDefaults);
        Assert.Equal(ShippedRules.All.Select(RuleMatch.InWords), options.Sidecars.Select(RuleMatch.InWords));
        Assert.Equal(defaults.Pods.IncludeNamespaces, options.Pods.IncludeNamespaces);
        Assert.Equal(defaults.Pods.ExcludeNamespaces, options.Pods.ExcludeNamespaces);
        Assert.Equal(defaults.Pods.NamingTimeout, options.Pods.NamingTimeout);
        Assert.Equal(defaults.Sources.Kubernetes.Kubeconfig, options.Sources.Kubernetes.Kubeconfig);
        Assert.Equal(defaults.Sources.Kubernetes.NodeName, options.Sources.Kubernetes.NodeName);
        Assert.Equal(defaults.Sources.Kubernetes.WatchTimeout, options.Sources.Kubernetes.WatchTimeout);
        Assert.Equal(defaults.Sources.Cri.Endpoints, options.Sources.Cri.Endpoints);
        Assert.Equal(defaults.Sources.Docker.Endpoints, options.Sources.Docker.Endpoints);
        Assert.Equal(defaults.Sources.Cgroupfs.Enabled, options.Sources.Cgroupfs.Enabled);
        Assert.Equal(defaults.Traces.Endpoint, options.Traces.Endpoint);
        Assert.Equal(defaults.Traces.Protocol, options.Traces.Protocol);
        Assert.Equal(defaults.Traces.Headers, options.Traces.Headers);
        Assert.Equal(defaults.Traces.Timeout, options.Traces.Timeout);
        Assert.Equal(defaults.Traces.MaxQueue, options.Traces.MaxQueue);
        // Left out means "when found", which no value says: the file shows the other wish.
        Assert.Equal([true, true, true], new[] { options.Sources.Kubernetes.Enabled, options.Sources.Cri.Enabled, options.Sources.Docker.Enabled });
        StaticPod pod = Assert.Single(options.Sources.Static.Pods);
        Assert.Equal(["/lab/proxy", "/lab/app"], pod.Containers.Select(c => c.Cgroup));
    }

    [Fact]
    public void every_key_there_is_stands_in_it()
    {
        List<ConfigError> errors = [];
        TomlSection root = TomlTree.Read(Uncommented, "pmoas.toml", errors).Root;

        Assert.Empty(errors);
        Assert.Equal([], Missing(typeof(PmoasOptions), root, ""));
    }

    [Fact]
    public void every_key_of_a_rule_is_explained() =>
        Assert.Equal([], Keys(typeof(SidecarRule)).Select(p => KeyNames.SnakeCase(p.Name)).Where(key => !Shipped.Contains($"\n##   {key} ", StringComparison.Ordinal)));

    [Fact]
    public void a_shipped_rule_copied_is_the_shipped_rule() =>
        Assert.Equal(
            ShippedRules.All.Select(rule => rule with { Origin = "" }),
            Options(Uncommented).Sidecars.Select(rule => rule with { Origin = "" }));

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

    [Theory]
    [InlineData("/run/containerd/containerd.sock")]
    [InlineData("unix:///run/containerd/containerd.sock")]
    public void an_endpoint_is_a_path_also_when_written_as_an_address(string endpoint)
    {
        PmoasOptions options = Options($"[sources.cri]\nendpoints = [\"{endpoint}\"]\n[sources.docker]\nendpoints = [\"{endpoint}\"]\n");

        Assert.Equal(["/run/containerd/containerd.sock"], options.Sources.Cri.Endpoints);
        Assert.Equal(["/run/containerd/containerd.sock"], options.Sources.Docker.Endpoints);
    }

    [Theory]
    [InlineData("node-1")]
    [InlineData("ip-10-0-0-1.eu-west-1.compute.internal")]
    [InlineData("1")]
    public void a_node_name_may_have_dots(string name) =>
        Assert.Equal(name, Options($"[sources.kubernetes]\nnode_name = \"{name}\"\nkubeconfig = \"/etc/kubernetes/kubelet.conf\"\n").Sources.Kubernetes.NodeName);

    /// <summary>Paths of keys that no table of the file shows; a list's tables are judged together.</summary>
    private static IEnumerable<string> Missing(Type type, TomlSection section, string path) => Keys(type).SelectMany(property =>
    {
        string key = KeyNames.SnakeCase(property.Name);
        string keyPath = TomlBinder.Join(path, key);
        return !section.Entries.TryGetValue(key, out TomlEntry entry) ? [keyPath]
            : entry.Value is TomlSection table && property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal) ? Missing(property.PropertyType, table, keyPath)
            : [];
    });

    private static IEnumerable<PropertyInfo> Keys(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true });

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
