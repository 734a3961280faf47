using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>What the shipped rules make of pods as the injectors of the known meshes leave them.</summary>
public sealed class InjectedPodTests
{
    private const string Init = "an init container, and no rule matches";
    private const string None = "no rule matches";
    private const string Native = "shipped rule 2: kind \"native_sidecar\"";

    public static TheoryData<string, string, Role, string> Rows { get; } = new()
    {
        { "istio-classic", "istio-init", Role.Init, Init },
        { "istio-classic", "istio-proxy", Role.Sidecar, "shipped rule 3: name \"istio-proxy\", needs_company true" },
        { "istio-classic", "reviews", Role.Service, None },
        { "istio-native", "istio-validation", Role.Init, Init },
        { "istio-native", "istio-proxy", Role.Sidecar, Native },
        { "istio-native", "ratings", Role.Service, None },
        { "istio-native", "debugger-x7k2p", Role.Ephemeral, "an ephemeral container, and no rule matches" },
        { "istio-google", "istio-validation", Role.Init, Init },
        { "istio-google", "server", Role.Service, None },
        { "istio-google", "istio-proxy", Role.Sidecar, "shipped rule 3: name \"istio-proxy\", needs_company true" },
        { "istio-gateway", "istio-proxy", Role.Service, "the pod's only main container, and shipped rule 3 needs company" },
        { "linkerd-classic", "linkerd-init", Role.Init, Init },
        { "linkerd-classic", "linkerd-proxy", Role.Sidecar, "shipped rule 5: name \"linkerd-proxy\", needs_company true" },
        { "linkerd-classic", "voting-svc", Role.Service, None },
        { "linkerd-native", "linkerd-init", Role.Init, Init },
        { "linkerd-native", "linkerd-proxy", Role.Sidecar, Native },
        { "linkerd-native", "web-svc", Role.Service, None },
        { "linkerd-destination", "linkerd-init", Role.Init, Init },
        { "linkerd-destination", "linkerd-proxy", Role.Sidecar, "shipped rule 5: name \"linkerd-proxy\", needs_company true" },
        { "linkerd-destination", "destination", Role.Service, None },
        { "linkerd-destination", "sp-validator", Role.Service, None },
        { "linkerd-destination", "policy", Role.Service, None },
        { "consul-dataplane", "consul-connect-inject-init", Role.Init, Init },
        { "consul-dataplane", "frontend", Role.Service, None },
        { "consul-dataplane", "consul-dataplane", Role.Sidecar, "shipped rule 7: name \"consul-dataplane*\", needs_company true" },
        { "consul-two-ports", "consul-connect-inject-init-web", Role.Init, Init },
        { "consul-two-ports", "consul-connect-inject-init-web-admin", Role.Init, Init },
        { "consul-two-ports", "web", Role.Service, None },
        { "consul-two-ports", "web-admin", Role.Service, None },
        { "consul-two-ports", "consul-dataplane-web", Role.Sidecar, "shipped rule 7: name \"consul-dataplane*\", needs_company true" },
        { "consul-two-ports", "consul-dataplane-web-admin", Role.Sidecar, "shipped rule 7: name \"consul-dataplane*\", needs_company true" },
        { "consul-1.11", "copy-consul-bin", Role.Init, Init },
        { "consul-1.11", "consul-connect-inject-init", Role.Init, Init },
        { "consul-1.11", "static-server", Role.Service, None },
        { "consul-1.11", "envoy-sidecar", Role.Sidecar, "shipped rule 9: name \"envoy-sidecar*\", needs_company true" },
        { "consul-1.11", "consul-sidecar", Role.Service, None },
        { "kuma", "kuma-init", Role.Init, Init },
        { "kuma", "kuma-sidecar", Role.Sidecar, "shipped rule 10: name \"kuma-sidecar\", needs_company true" },
        { "kuma", "demo-app", Role.Service, None },
        { "kuma-gateway", "kuma-gateway", Role.Service, "the pod's only main container, and shipped rule 11 needs company" },
        { "dapr", "node", Role.Service, None },
        { "dapr", "daprd", Role.Sidecar, "shipped rule 12: name \"daprd\", needs_company true" },
        { "osm", "osm-init", Role.Init, Init },
        { "osm", "bookstore", Role.Service, None },
        { "osm", "envoy", Role.Sidecar, "shipped rule 14: image \"*envoyproxy/envoy*\", needs_company true" },
        { "osm", "osm-healthcheck", Role.Service, None },
        { "app-mesh", "proxyinit", Role.Init, Init },
        { "app-mesh", "app", Role.Service, None },
        { "app-mesh", "envoy", Role.Sidecar, "shipped rule 15: image \"*/aws-appmesh-envoy*\", needs_company true" },
        { "app-mesh", "xray-daemon", Role.Service, None },
        { "vault-agent", "vault-agent-init", Role.Init, Init },
        { "vault-agent", "log-shipper", Role.Sidecar, Native },
        { "vault-agent", "payments-api", Role.Service, None },
        { "vault-agent", "vault-agent", Role.Service, None },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void each_container_of_an_injected_pod_has_its_role(string manifest, string container, Role role, string reason)
    {
        PodSpec pod = PodManifest.Read(manifest);
        Assert.Equal(new RoleDecision(role, reason), RuleMatch.Decide(ShippedRules.All, pod, pod.Containers.Single(c => c.Name == container), ""));
    }

    [Fact]
    public void no_container_of_a_manifest_is_left_out() => Assert.Equal(
        PodManifest.All.SelectMany(name => PodManifest.Read(name).Containers.Select(c => $"{name} {c.Name}")).Order(),
        Rows.Select(row => $"{row.Data.Item1} {row.Data.Item2}").Order());

    /// <summary>A runtime without the API server tells names, no kinds, and not all that the pod declares.</summary>
    [Theory]
    [InlineData("istio-classic", "istio-proxy", Role.Sidecar, "shipped rule 3: name \"istio-proxy\", needs_company true")]
    [InlineData("istio-native", "istio-proxy", Role.Sidecar, "shipped rule 3: name \"istio-proxy\", needs_company true")]
    [InlineData("linkerd-native", "linkerd-proxy", Role.Sidecar, "shipped rule 5: name \"linkerd-proxy\", needs_company true")]
    [InlineData("kuma", "demo-app", Role.Service, "no rule matches")]
    [InlineData("istio-gateway", "istio-proxy", Role.Sidecar, "shipped rule 3: name \"istio-proxy\", needs_company true")]
    public void names_alone_are_enough_for_a_proxy_but_not_to_know_a_gateway(string manifest, string container, Role role, string reason)
    {
        PodSpec told = PodManifest.Read(manifest);
        PodSpec pod = told with { IsComplete = false, Containers = [.. told.Containers.Select(c => c with { Image = "", Kind = ContainerKind.Main })] };
        Assert.Equal(new RoleDecision(role, reason), RuleMatch.Decide(ShippedRules.All, pod, pod.Containers.Single(c => c.Name == container), ""));
    }
}
