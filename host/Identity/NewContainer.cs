using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pmoas.Host.Identity;

/// <summary><c>struct new_container</c> (bpf/identity/new_cgroup.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NewContainer
{
    public readonly PmoasTag Tag;
    public readonly RuntimeId Id;

    /// <summary>64 hexadecimal digits.</summary>
    [InlineArray(64)]
    internal struct RuntimeId
    {
        private byte _first;
    }
}
