using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>The shipped rules one by one; <see cref="InjectedPodTests"/> has them on whole pods.</summary>
public sealed class ShippedRulesTests
{
    private static readonly PodSpec Pod = Specs.Pod("p") with { Annotations = new Dictionary<string, string> { ["pmoas.io/sidecar"] = "logger, listed" } };

    [Theory]
    [InlineData("istio-proxy", "x", nameof(ContainerKind.Main), "shipped rule 3: name \"istio-proxy\", needs_company true")]
    [InlineData("a", "docker.io/istio/proxyv2:1.22", nameof(ContainerKind.Main), "shipped rule 4: image \"*/proxyv2*\", needs_company true")]
    [InlineData("a", "gcr.io/gke-release/asm/proxyv2:1.20.8-asm.11-distroless", nameof(ContainerKind.Main), "shipped rule 4: image \"*/proxyv2*\", needs_company true")]
    [InlineData("a", "registry.redhat.io/openshift-service-mesh/proxyv2-rhel8@sha256:0a1b", nameof(ContainerKind.Main), "shipped rule 4: image \"*/proxyv2*\", needs_company true")]
    [InlineData("linkerd-proxy", "x", nameof(ContainerKind.Main), "shipped rule 5: name \"linkerd-proxy\", needs_company true")]
    [InlineData("a", "cr.l5d.io/linkerd/proxy:edge", nameof(ContainerKind.Main), "shipped rule 6: image \"*linkerd/proxy:*\", needs_company true")]
    [InlineData("consul-dataplane", "x", nameof(ContainerKind.Main), "shipped rule 7: name \"consul-dataplane*\", needs_company true")]
    [InlineData("a", "mirror.example/consul-dataplane:1.3.0", nameof(ContainerKind.Main), "shipped rule 8: image \"*/consul-dataplane*\", needs_company true")]
    [InlineData("envoy-sidecar-web", "x", nameof(ContainerKind.Main), "shipped rule 9: name \"envoy-sidecar*\", needs_company true")]
    [InlineData("kuma-sidecar", "x", nameof(ContainerKind.Main), "shipped rule 10: name \"kuma-sidecar\", needs_company true")]
    [InlineData("a", "docker.io/kong/kuma-dp:2.6.1", nameof(ContainerKind.Main), "shipped rule 11: image \"*/kuma-dp*\", needs_company true")]
    [InlineData("daprd", "x", nameof(ContainerKind.Main), "shipped rule 12: name \"daprd\", needs_company true")]
    [InlineData("a", "docker.io/daprio/daprd:1.12.0", nameof(ContainerKind.Main), "shipped rule 13: image \"*/daprd*\", needs_company true")]
    [InlineData("a", "envoyproxy/envoy:v1.30", nameof(ContainerKind.Main), "shipped rule 14: image \"*envoyproxy/envoy*\", needs_company true")]
    [InlineData("a", "public.ecr.aws/appmesh/aws-appmesh-envoy:v1.27.3.0-prod", nameof(ContainerKind.Main), "shipped rule 15: image \"*/aws-appmesh-envoy*\", needs_company true")]
    [InlineData("envoy-2", "x", nameof(ContainerKind.Main), null)]
    [InlineData("listed", "envoyproxy/envoy:v1.30", nameof(ContainerKind.Main), "shipped rule 1: listed_in \"pmoas.io/sidecar\"")]
    [InlineData("envoy", "mirror.example/edge:1", nameof(ContainerKind.Main), "shipped rule 16: name \"envoy\", needs_company true")]
    [InlineData("proxy", "haproxy:2.6", nameof(ContainerKind.Main), "shipped rule 17: name \"proxy\", needs_company true")]
    [InlineData("a", "x", nameof(ContainerKind.NativeSidecar), "shipped rule 2: kind \"native_sidecar\"")]
    [InlineData("logger", "x", nameof(ContainerKind.Init), "shipped rule 1: listed_in \"pmoas.io/sidecar\"")]
    public void know_the_proxies(string name, string image, string kind, string? reason) =>
        Assert.Equal(
            reason is null ? new RoleDecision(Role.Service, "no rule matches") : new RoleDecision(Role.Sidecar, reason),
            RuleMatch.Decide(ShippedRules.All, Pod, Specs.Container(name, image: image, kind: Enum.Parse<ContainerKind>(kind)), ""));

    [Theory]
    [InlineData("app", "nginx:1.22")]
    [InlineData("istio", "istio/pilot:1.22")]
    [InlineData("linkerd-cni", "cr.l5d.io/linkerd/proxy-init:v2.2.3")]
    [InlineData("shutdown-manager", "docker.io/envoyproxy/gateway:v1.0.1")]
    [InlineData("kube-proxy", "registry.k8s.io/kube-proxy:v1.30.1")]
    [InlineData("fluent-bit", "fluent/fluent-bit:3.0.4")]
    [InlineData("cloud-sql-proxy", "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.11.0")]
    public void leave_services_alone(string name, string image) =>
        Assert.Equal(Role.Service, RuleMatch.Decide(ShippedRules.All, Pod, Specs.Container(name, image: image), "").Role);

    [Fact]
    public void a_pod_may_have_several_sidecars_and_several_services()
    {
        PodSpec pod = Specs.Pod("p", Specs.Container("web"), Specs.Container("envoy"), Specs.Container("api"), Specs.Container("daprd")) with { IsComplete = true };
        Assert.Equal(
            ["web Service", "envoy Sidecar", "api Service", "daprd Sidecar"],
            pod.Containers.Select(c => $"{c.Name} {RuleMatch.Decide(ShippedRules.All, pod, c, "").Role}"));
    }
}
