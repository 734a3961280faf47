using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Plugins;

/// <summary>The hooks in use, as words.</summary>
internal static class HookText
{
    /// <summary>Each hook with the kind of program that serves it: <c>accept=tracepoint, state=tp_btf</c>.</summary>
    public static string Of(IReadOnlyList<HookReport> hooks) =>
        hooks.Count == 0 ? "none" : string.Join(", ", hooks.Select(hook => $"{hook.Hook}={hook.Kind ?? "absent"}"));
}
