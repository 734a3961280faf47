namespace Pmoas.Host.Pods;

/// <summary>The rules that apply while <c>pmoas.toml</c> has none of its own. <c>pmoas.toml</c> lists them in a comment; a test compares.</summary>
/// <remarks>
/// A proxy is known by the name its injector gives, and by its image for pods written by hand; images by their last parts, for they are
/// mirrored to private registries. Helpers that are no proxies (vault-agent, fluent-bit) are services unless the pod runs them as
/// native sidecars or lists them.
/// </remarks>
internal static class ShippedRules
{
    /// <summary>The label or annotation by which a pod names its sidecars itself.</summary>
    public const string SidecarLabel = "pmoas.io/sidecar";

    /// <summary>In the order they are tried.</summary>
    public static IReadOnlyList<SidecarRule> All { get; } = Numbered(
        new() { ListedIn = SidecarLabel },
        new() { Kind = ContainerKind.NativeSidecar },
        Proxy(name: "istio-proxy"),
        Proxy(image: "*/proxyv2*"), // Istio's, Google's (asm), Red Hat's (proxyv2-rhel8), distroless ones by their tag
        Proxy(name: "linkerd-proxy"),
        Proxy(image: "*linkerd/proxy:*"), // not linkerd/proxy-init
        Proxy(name: "consul-dataplane*"), // one for each port: consul-dataplane-web
        Proxy(image: "*/consul-dataplane*"),
        Proxy(name: "envoy-sidecar*"), // Consul to 1.13
        Proxy(name: "kuma-sidecar"),
        Proxy(image: "*/kuma-dp*"), // Kuma's and Kong's
        Proxy(name: "daprd"),
        Proxy(image: "*/daprd*"), // daprio/daprd and ghcr.io/dapr/daprd
        Proxy(image: "*envoyproxy/envoy*"),
        Proxy(image: "*/aws-appmesh-envoy*"),
        Proxy(name: "envoy"), // Open Service Mesh, App Mesh
        Proxy(name: "proxy")); // the demo

    /// <summary>A proxy by name or image; alone in its pod it is a gateway.</summary>
    private static SidecarRule Proxy(string? name = null, string? image = null) => new() { Name = name, Image = image, NeedsCompany = true };

    private static SidecarRule[] Numbered(params SidecarRule[] rules) =>
        [.. rules.Select((rule, i) => rule with { Origin = $"shipped rule {i + 1}" })];
}
