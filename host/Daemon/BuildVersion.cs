using System.Reflection;
using Pmoas.Sdk;

namespace Pmoas.Host.Daemon;

/// <summary>Versions of what runs.</summary>
internal static class BuildVersion
{
    /// <summary>Version of the daemon.</summary>
    public static string Host { get; } = Of(typeof(BuildVersion).Assembly);

    /// <summary>Version of the plugin contract.</summary>
    public static string Sdk { get; } = Of(typeof(IProbe).Assembly);

    private static string Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
