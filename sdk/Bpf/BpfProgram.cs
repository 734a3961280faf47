namespace Pmoas.Sdk.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>; valid while that object lives.</summary>
public readonly struct BpfProgram
{
    /// <summary>C function name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>ELF section, such as <c>tp_btf/inet_sock_set_state</c>.</summary>
    public string Section => throw new NotImplementedException();

    /// <summary>Whether <see cref="BpfObject.Load"/> loads it.</summary>
    public bool Autoload { get => throw new NotImplementedException(); set => throw new NotImplementedException(); }

    /// <summary>File descriptor once loaded.</summary>
    public int Fd => throw new NotImplementedException();

    /// <summary>Kernel id, run count and run time (the last two stay 0 unless the kernel's BPF statistics are on), JITed size, …</summary>
    public BpfProgramInfo Info => throw new NotImplementedException();

    /// <summary>Attaches by what the section says.</summary>
    public BpfLink Attach() => throw new NotImplementedException();

    /// <summary>Attaches an iterator; narrow it by task group or by map.</summary>
    public BpfIterator AttachIterator(BpfIteratorTarget target = default) => throw new NotImplementedException();
}

/// <summary>What the kernel says of a loaded program.</summary>
public readonly record struct BpfProgramInfo(uint Id, string Tag, uint Type, ulong RunCount, ulong RunTimeNs, ulong RecursionMisses);

/// <summary>What an iterator walks: one process (all its files, threads…) or the elements of one map. Default: everything.</summary>
public readonly record struct BpfIteratorTarget(uint Pid, int MapFd)
{
    /// <summary>Only this process.</summary>
    public static BpfIteratorTarget Process(uint pid) => new(pid, 0);

    /// <summary>The elements of this map.</summary>
    public static BpfIteratorTarget Map(BpfMap map) => new(0, map.Fd);
}
