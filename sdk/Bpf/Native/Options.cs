using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary><c>struct bpf_object_open_opts</c> (libbpf 1.0).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ObjectOpenOptions
{
    internal nuint Size;
    internal byte* ObjectName;
    internal byte RelaxedMaps;
    internal byte* PinRootPath;
    internal uint Unused;
    internal byte* Kconfig;
    internal byte* BtfCustomPath;
    internal byte* KernelLogBuffer;
    internal nuint KernelLogSize;
    internal uint KernelLogLevel;
}

/// <summary><c>struct bpf_iter_attach_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IteratorAttachOptions
{
    internal nuint Size;
    internal IteratorLinkInfo* LinkInfo;
    internal uint LinkInfoSize;
}

/// <summary><c>union bpf_iter_link_info</c>: its map and its task arm.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct IteratorLinkInfo
{
    [FieldOffset(0)]
    internal int MapFd;

    [FieldOffset(4)]
    internal uint Pid;
}

/// <summary><c>struct bpf_prog_info</c> (linux/bpf.h): the members the SDK reads. The kernel fills what fits and says how much.</summary>
[StructLayout(LayoutKind.Explicit, Size = 232)]
internal struct ProgramInfo
{
    [FieldOffset(0)]
    internal uint Type;

    [FieldOffset(4)]
    internal uint Id;

    /// <summary>Eight bytes, first byte first.</summary>
    [FieldOffset(8)]
    internal ulong Tag;

    /// <summary>At most 15 bytes and a 0.</summary>
    [FieldOffset(64)]
    internal NameBytes Name;

    [FieldOffset(192)]
    internal ulong RunTimeNs;

    [FieldOffset(200)]
    internal ulong RunCount;

    [FieldOffset(208)]
    internal ulong RecursionMisses;
}

/// <summary>A name as the kernel keeps it.</summary>
[InlineArray(16)]
internal struct NameBytes
{
    private byte _first;
}
