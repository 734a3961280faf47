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
        new() { Name = "istio-proxy" },
        new() { Image = "*istio/proxyv2*" },
        new() { Name = "linkerd-proxy" },
        new() { Image = "*linkerd/proxy*" },
        new() { Name = "consul-dataplane" },
        new() { Image = "*hashicorp/consul-dataplane*" },
        new() { Name = "kuma-sidecar" },
        new() { Image = "*kumahq/kuma-dp*" },
        new() { Name = "daprd" },
        new() { Image = "*daprio/daprd*" },
        new() { Image = "*envoyproxy/envoy*" },
        new() { Name = "proxy" });

    private static SidecarRule[] Numbered(params SidecarRule[] rules) =>
        [.. rules.Select((rule, i) => rule with { Origin = $"shipped rule {i + 1}" })];
}
