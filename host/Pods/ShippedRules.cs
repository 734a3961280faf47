namespace Pmoas.Host.Pods;

/// <summary>The rules that apply while <c>pmoas.toml</c> has none of its own. <c>pmoas.toml</c> lists them in a comment; a test compares.</summary>
internal static class ShippedRules
{
    /// <summary>The label or annotation by which a pod names its sidecars itself.</summary>
    public const string SidecarLabel = "pmoas.io/sidecar";

    /// <summary>In the order they are tried.</summary>
    public static IReadOnlyList<SidecarRule> All { get; } = Numbered(
        new() { ListedIn = SidecarLabel },
        new() { Kind = ContainerKind.NativeSidecar },
        Proxy(name: "istio-proxy"),
        Proxy(image: "*istio/proxyv2*"),
        Proxy(name: "linkerd-proxy"),
        Proxy(image: "*linkerd/proxy:*"),
        Proxy(name: "consul-dataplane*"),
        Proxy(image: "*hashicorp/consul-dataplane*"),
        Proxy(name: "kuma-sidecar"),
        Proxy(image: "*kumahq/kuma-dp*"),
        Proxy(name: "daprd"),
        Proxy(image: "*daprio/daprd*"),
        Proxy(image: "*dapr/daprd*"),
        Proxy(image: "*envoyproxy/envoy*"),
        Proxy(image: "*aws-appmesh-envoy*"),
        Proxy(name: "envoy"),
        Proxy(name: "proxy"));

    /// <summary>A proxy by name or image; alone in its pod it is a gateway.</summary>
    private static SidecarRule Proxy(string? name = null, string? image = null) => new() { Name = name, Image = image, NeedsCompany = true };

    private static SidecarRule[] Numbered(params SidecarRule[] rules) =>
        [.. rules.Select((rule, i) => rule with { Origin = $"shipped rule {i + 1}" })];
}
