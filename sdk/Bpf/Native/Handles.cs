using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>An open object: its programs, maps and type information die with it.</summary>
internal sealed class BpfObjectHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}

/// <summary>An attachment; nothing of it is pinned.</summary>
internal sealed class BpfLinkHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => Libbpf.bpf_link__destroy(handle) == 0;
}
