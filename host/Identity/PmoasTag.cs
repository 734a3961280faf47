using System.Runtime.InteropServices;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Identity;

/// <summary><c>struct pmoas_tag</c> (bpf/include/pmoas/tag.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct PmoasTag(Container container)
{
    public readonly uint Container = container.Id;
    public readonly uint Pod = container.PodId;
    public readonly uint Role = (uint)container.Role;
}
