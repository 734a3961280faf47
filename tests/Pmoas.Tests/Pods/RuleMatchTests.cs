using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

public sealed class RuleMatchTests
{
    private static readonly PodSpec Pod = Specs.Pod("p") with
    {
        Labels = new Dictionary<string, string> { ["app.kubernetes.io/component"] = "proxy", ["team"] = "" },
        Annotations = new Dictionary<string, string> { ["pmoas.io/sidecar"] = "logger, envoy" },
    };

    private static readonly ContainerSpec Envoy = Specs.Container("envoy", image: "docker.io/envoyproxy/envoy:v1.30") with
    {
        Labels = new Dictionary<string, string> { ["tier"] = "edge" },
    };

    [Theory]
    [InlineData("envoy", true)]
    [InlineData("env*", true)]
    [InlineData("en?oy", true)]
    [InlineData("*", true)]
    [InlineData("Envoy", false)]
    [InlineData("env", false)]
    [InlineData("en?voy", false)]
    [InlineData("env.y", false)]
    public void name_is_a_glob_of_the_whole_name(string glob, bool matches) => Assert.Equal(matches, Matches(new() { Name = glob }));

    [Theory]
    [InlineData("*/envoyproxy/envoy:*", true)]
    [InlineData("*envoy", false)]
    [InlineData(@"docker.io\*", false)]
    public void image_is_a_glob(string glob, bool matches) => Assert.Equal(matches, Matches(new() { Image = glob }));

    [Theory]
    [InlineData("app.kubernetes.io/component=proxy", true)]
    [InlineData("app.kubernetes.io/component=p*", true)]
    [InlineData("app.kubernetes.io/component=web", false)]
    [InlineData("app.kubernetes.io/component", true)]
    [InlineData("team", true)]
    [InlineData("team=", true)]
    [InlineData("tier=edge", true)]
    [InlineData("pmoas.io/sidecar=*envoy", true)]
    [InlineData("tea", false)]
    public void label_is_one_of_the_pod_or_the_container(string label, bool matches) => Assert.Equal(matches, Matches(new() { Label = label }));

    [Theory]
    [InlineData("/usr/local/bin/envoy", "/usr/local/bin/envoy", true)]
    [InlineData("*/envoy", "/usr/local/bin/envoy", true)]
    [InlineData("*", "", false)]
    public void command_is_a_glob_of_a_known_executable(string glob, string command, bool matches) =>
        Assert.Equal(matches, Matches(new() { Command = glob }, command));

    [Theory]
    [InlineData("envoy", true)]
    [InlineData("logger", true)]
    [InlineData("log", false)]
    public void listed_in_names_containers(string name, bool matches) =>
        Assert.Equal(matches, RuleMatch.Matches(new() { ListedIn = "pmoas.io/sidecar" }, Pod, Specs.Container(name), ""));

    [Fact]
    public void every_key_of_a_rule_must_match()
    {
        Assert.True(Matches(new() { Name = "envoy", Label = "tier" }));
        Assert.False(Matches(new() { Name = "envoy", Label = "tier=core" }));
    }

    [Fact]
    public void the_first_rule_that_matches_is_named()
    {
        SidecarRule[] rules =
        [
            new() { Name = "other", Origin = "rule 1 of pmoas.toml" },
            new() { Name = "en*", Image = "*/envoy:*", Origin = "rule 2 of pmoas.toml" },
            new() { Name = "envoy", Origin = "rule 3 of pmoas.toml" },
        ];

        Assert.Equal(
            new RoleDecision(Role.Sidecar, "rule 2 of pmoas.toml: name \"en*\", image \"*/envoy:*\""), RuleMatch.Decide(rules, Pod, Envoy, ""));
    }

    [Theory]
    [InlineData(nameof(ContainerKind.Main), Role.Service, "no rule matches")]
    [InlineData(nameof(ContainerKind.Init), Role.Init, "an init container, and no rule matches")]
    [InlineData(nameof(ContainerKind.Ephemeral), Role.Ephemeral, "an ephemeral container, and no rule matches")]
    [InlineData(nameof(ContainerKind.NativeSidecar), Role.Service, "no rule matches")]
    public void without_a_rule_the_kind_decides(string kind, Role role, string reason) =>
        Assert.Equal(new RoleDecision(role, reason), RuleMatch.Decide([], Pod, Envoy with { Kind = Enum.Parse<ContainerKind>(kind) }, ""));

    [Theory]
    [InlineData("istio-proxy", "x", nameof(ContainerKind.Main), "shipped rule 3: name \"istio-proxy\"")]
    [InlineData("a", "docker.io/istio/proxyv2:1.22", nameof(ContainerKind.Main), "shipped rule 4: image \"*istio/proxyv2*\"")]
    [InlineData("linkerd-proxy", "x", nameof(ContainerKind.Main), "shipped rule 5: name \"linkerd-proxy\"")]
    [InlineData("a", "cr.l5d.io/linkerd/proxy:edge", nameof(ContainerKind.Main), "shipped rule 6: image \"*linkerd/proxy*\"")]
    [InlineData("consul-dataplane", "x", nameof(ContainerKind.Main), "shipped rule 7: name \"consul-dataplane\"")]
    [InlineData("kuma-sidecar", "x", nameof(ContainerKind.Main), "shipped rule 9: name \"kuma-sidecar\"")]
    [InlineData("daprd", "x", nameof(ContainerKind.Main), "shipped rule 11: name \"daprd\"")]
    [InlineData("a", "envoyproxy/envoy:v1.30", nameof(ContainerKind.Main), "shipped rule 13: image \"*envoyproxy/envoy*\"")]
    [InlineData("proxy", "haproxy:2.6", nameof(ContainerKind.Main), "shipped rule 14: name \"proxy\"")]
    [InlineData("a", "x", nameof(ContainerKind.NativeSidecar), "shipped rule 2: kind \"native_sidecar\"")]
    [InlineData("logger", "x", nameof(ContainerKind.Init), "shipped rule 1: listed_in \"pmoas.io/sidecar\"")]
    public void shipped_rules_know_the_proxies(string name, string image, string kind, string reason) =>
        Assert.Equal(new RoleDecision(Role.Sidecar, reason), RuleMatch.Decide(ShippedRules.All, Pod, Specs.Container(name, image: image, kind: Enum.Parse<ContainerKind>(kind)), ""));

    [Theory]
    [InlineData("app", "nginx:1.22")]
    [InlineData("istio", "istio/pilot:1.22")]
    public void shipped_rules_leave_services_alone(string name, string image) =>
        Assert.Equal(Role.Service, RuleMatch.Decide(ShippedRules.All, Pod, Specs.Container(name, image: image), "").Role);

    private static bool Matches(SidecarRule rule, string command = "") => RuleMatch.Matches(rule, Pod, Envoy, command);
}
