using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>A role as labels and events spell it.</summary>
internal static class RoleText
{
    /// <summary>Lower case, without allocating.</summary>
    public static string Of(Role role) => role switch
    {
        Role.Sidecar => "sidecar",
        Role.Service => "service",
        Role.Init => "init",
        Role.Ephemeral => "ephemeral",
        _ => "unknown",
    };
}
