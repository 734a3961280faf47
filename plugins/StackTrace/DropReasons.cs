using Pmoas.Sdk.Bpf;

namespace Pmoas.StackTrace;

/// <summary>What the running kernel calls its reasons to drop a packet: their numbers differ between kernels.</summary>
internal sealed class DropReasons
{
    private const string Prefix = "SKB_DROP_REASON_";

    private readonly Lazy<IReadOnlyDictionary<uint, string>> _names = new(() => KernelEnum.NamesOf("skb_drop_reason"));

    /// <summary>Name of a reason, such as <c>netfilter_drop</c>; one that a subsystem has made for itself is <c>other</c>.</summary>
    internal string NameOf(uint reason) => _names.Value.TryGetValue(reason, out string? name)
        ? name.Replace(Prefix, "", StringComparison.Ordinal).ToLowerInvariant()
        : "other";
}
