using System.Reflection;

namespace Pmoas.EndToEnd;

/// <summary>Where the build put what the tests run.</summary>
internal static class Built
{
    public static string Host { get; } = Path("Host");

    public static string Accept { get; } = Path("Accept");

    public static string SockMap { get; } = Path("SockMap");

    /// <summary>An HTTP client and server on .NET's own stack.</summary>
    public static string HttpPair { get; } = Path("HttpPair");

    public static string BadProbe { get; } = Path("BadProbe");

    /// <summary>The sample a stranger builds against the package; made by <c>make build</c>.</summary>
    public static string NoOp { get; } = Path("NoOp");

    /// <summary>NuGet packages of the SDK and the plugin template; made by <c>make build</c>.</summary>
    public static string Packages { get; } = Path("Packages");

    /// <summary>The guide a stranger follows.</summary>
    public static string WritingAPlugin { get; } = Path("WritingAPlugin");

    /// <summary>The Debian package; made by <c>make deb</c>.</summary>
    public static string Deb { get; } = Path("Deb");

    /// <summary>The container image; made by <c>make image</c>.</summary>
    public static string Image { get; } = Path("Image");

    /// <summary>The systemd unit.</summary>
    public static string Unit { get; } = Path("Unit");

    /// <summary>Folder of the Kubernetes manifests.</summary>
    public static string Kubernetes { get; } = Path("Kubernetes");

    /// <summary>The repository.</summary>
    public static string Root { get; } = Path("Root");

    /// <summary>What is built and fetched.</summary>
    public static string Artifacts { get; } = Path("Artifacts");

    /// <summary>Folders of all plugins; made by <c>make build</c>.</summary>
    public static string Plugins { get; } = Path("Plugins");

    /// <summary>Folders of their sources.</summary>
    public static string PluginSources { get; } = Path("PluginSources");

    private static string Path(string key) => typeof(Built).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(metadata => metadata.Key == key).Value!;
}
