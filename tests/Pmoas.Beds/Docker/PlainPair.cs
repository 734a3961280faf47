using Pmoas.Beds.Images;
using Pmoas.Beds.Pods;

namespace Pmoas.Beds.Docker;

/// <summary>Two containers of plain <c>docker run</c> that share a network namespace: nothing of Kubernetes in names, labels or cgroups.</summary>
/// <param name="First">Owner of the network namespace: nginx. Its name is the given one.</param>
/// <param name="Second">Started with <c>--network container:</c>: haproxy. Its name ends in <c>-proxy</c>.</param>
/// <param name="Address">IPv4 address in the bed's network namespace.</param>
internal sealed record PlainPair(RunningContainer First, RunningContainer Second, string Address)
{
    /// <summary>The proxy, for clients in the bed's network namespace.</summary>
    internal Uri SidecarUrl => new($"http://{Address}:{ImageCatalog.SidecarPort}/");
}
