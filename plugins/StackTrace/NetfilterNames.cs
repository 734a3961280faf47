namespace Pmoas.StackTrace;

/// <summary>Families and hooks of netfilter by their numbers (include/uapi/linux/netfilter.h), as nft writes them.</summary>
internal static class NetfilterNames
{
    private const byte Arp = 3;
    private const byte Netdev = 5;

    private static readonly IReadOnlyList<string> InetHooks = ["prerouting", "input", "forward", "output", "postrouting", "ingress"];
    private static readonly IReadOnlyList<string> ArpHooks = ["input", "output", "forward"];
    private static readonly IReadOnlyList<string> NetdevHooks = ["ingress", "egress"];

    /// <summary>Name of a family.</summary>
    public static string OfFamily(byte family) => family switch
    {
        1 => "inet",
        2 => "ip",
        Arp => "arp",
        Netdev => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => $"{family}",
    };

    /// <summary>Name of a hook.</summary>
    public static string OfHook(byte family, byte hook)
    {
        IReadOnlyList<string> names = family switch
        {
            Arp => ArpHooks,
            Netdev => NetdevHooks,
            _ => InetHooks,
        };
        return hook < names.Count ? names[hook] : $"{hook}";
    }
}
