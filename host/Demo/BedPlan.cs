namespace Pmoas.Host.Demo;

/// <summary>Names and addresses of one bed. They exist only inside its two network namespaces.</summary>
/// <param name="Name">Name of the pod, unique on the machine.</param>
/// <param name="Subnet">1 to 254; tells beds apart for the reader, the namespaces keep them apart.</param>
/// <param name="Options">What was asked for.</param>
internal sealed record BedPlan(string Name, int Subnet, PodBedOptions Options)
{
    /// <summary>Port of the sidecar on the pod's address.</summary>
    internal const int SidecarPort = 8080;

    /// <summary>Port of the service on all addresses of the pod.</summary>
    internal const int ServicePort = 8081;

    /// <summary>Config, content and logs of the bed; in /run, where only root can have put something in the way.</summary>
    internal string Directory => DirectoryOf(Name);

    internal string ClientIPv4 => $"10.111.{Subnet}.1";

    internal string PodIPv4 => $"10.111.{Subnet}.2";

    internal string ClientIPv6 => $"fd00:111:{Subnet}::1";

    internal string PodIPv6 => $"fd00:111:{Subnet}::2";

    /// <summary>Some leg needs IPv6 on the machine.</summary>
    internal bool UsesIPv6 => Options.Outside != AddressKind.IPv4 || Options.Inside != AddressKind.IPv4;

    /// <summary>The service as the sidecar reaches it: <c>address:port</c>.</summary>
    internal string InsideTarget => Options.Inside == AddressKind.IPv6 ? $"[::1]:{ServicePort}" : $"127.0.0.1:{ServicePort}";

    /// <summary>The sidecar as the client reaches it.</summary>
    internal Uri SidecarUrl => OutsideUrl(SidecarPort);

    /// <summary>The service as the client reaches it, past the sidecar.</summary>
    internal Uri ServiceUrl => OutsideUrl(ServicePort);

    internal static string DirectoryOf(string name) => $"/run/{name}";

    /// <summary>Writes a file for a container and returns its path.</summary>
    internal string Write(string file, string text)
    {
        string path = Path.Combine(Directory, file);
        File.WriteAllText(path, text);
        return path;
    }

    private Uri OutsideUrl(int port) => new(Options.Outside == AddressKind.IPv6 ? $"http://[{PodIPv6}]:{port}/" : $"http://{PodIPv4}:{port}/");
}
