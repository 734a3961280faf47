using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>A program of a <see cref="BpfObject"/>; valid while that object lives.</summary>
public readonly struct BpfProgram
{
    private readonly BpfObjectHandle _owner;
    private readonly nint _program;
    private readonly ILogger _logger;
    private readonly IReadOnlyDictionary<nint, string> _aims;

    /// <param name="owner">The object, as libbpf has it.</param>
    /// <param name="program">The program, as libbpf has it.</param>
    /// <param name="logger">Takes what libbpf says.</param>
    /// <param name="aims">The functions that kprobes of this object are for, whose sections do not name them.</param>
    internal BpfProgram(BpfObjectHandle owner, nint program, ILogger logger, IReadOnlyDictionary<nint, string> aims) =>
        (_owner, _program, _logger, _aims) = (owner, program, logger, aims);

    /// <summary>C function name.</summary>
    public string Name => Marshal.PtrToStringUTF8(Libbpf.bpf_program__name(Pointer)) ?? "";

    /// <summary>ELF section, such as <c>tp_btf/inet_sock_set_state</c>.</summary>
    public string Section => Marshal.PtrToStringUTF8(Libbpf.bpf_program__section_name(Pointer)) ?? "";

    /// <summary>The rung it stands on: <c>fentry</c>, <c>fexit</c>, <c>kprobe</c>, <c>tp_btf</c>, <c>raw_tp</c>, <c>tracepoint</c>, <c>iter</c> …</summary>
    public string Kind => KindOf(Section);

    /// <summary>Whether <see cref="BpfObject.Load"/> loads it.</summary>
    public bool Autoload
    {
        get => Libbpf.bpf_program__autoload(Pointer) != 0;
        set => BpfException.Check(Libbpf.bpf_program__set_autoload(Pointer, value ? (byte)1 : (byte)0), $"set autoload of {Name}");
    }

    /// <summary>File descriptor once loaded.</summary>
    /// <exception cref="BpfException">It is not loaded.</exception>
    public int Fd => BpfException.Check(Libbpf.bpf_program__fd(Pointer), $"program {Name} is not loaded");

    /// <summary>Kernel id, run count and run time (the last two stay 0 unless the kernel's BPF statistics are on).</summary>
    public unsafe BpfProgramInfo Info
    {
        get
        {
            ProgramInfo info = default;
            uint size = (uint)sizeof(ProgramInfo);
            BpfException.Check(Libbpf.bpf_obj_get_info_by_fd(Fd, &info, &size), $"read info of program {Name}");
            string tag = (BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(info.Tag) : info.Tag).ToString("x16", null);
            return new BpfProgramInfo(info.Id, tag, info.Type, info.RunCount, info.RunTimeNs, info.RecursionMisses);
        }
    }

    internal nint Pointer => _owner is { IsClosed: false } ? _program : throw new ObjectDisposedException(nameof(BpfProgram), "the object of this program is disposed");

    /// <summary>Attaches by what the section says, or to the function it is aimed at. A tracepoint or kprobe first mounts tracefs where it is missing.</summary>
    /// <exception cref="BpfException">The kernel or libbpf refused.</exception>
    public BpfLink Attach()
    {
        if (Tracefs.IsNeededBy(Kind))
        {
            Tracefs.Mount();
        }

        using LibbpfLog log = new(_logger);
        BpfLinkHandle handle = _aims.TryGetValue(Pointer, out string? function)
            ? Libbpf.bpf_program__attach_kprobe(Pointer, Kind == "kretprobe", function)
            : Libbpf.bpf_program__attach(Pointer);
        return handle.IsInvalid ? throw log.Failure($"attach {Name} to {function ?? Section}", Marshal.GetLastPInvokeError()) : new BpfLink(handle);
    }

    /// <summary>Attaches a <c>sockops</c> or <c>cgroup/…</c> program to a cgroup and all below it, beside others that are there.</summary>
    /// <param name="directory">Of the cgroup, in the v2 hierarchy.</param>
    /// <exception cref="BpfException">There is no such cgroup, or the kernel refused.</exception>
    public BpfLink AttachToCgroup(string directory)
    {
        int cgroup = Libc.open(directory, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC);
        if (cgroup < 0)
        {
            throw new BpfException($"open cgroup {directory} to attach {Name}", Marshal.GetLastPInvokeError());
        }

        using LibbpfLog log = new(_logger);
        try
        {
            BpfLinkHandle handle = Libbpf.bpf_program__attach_cgroup(Pointer, cgroup);
            return handle.IsInvalid ? throw log.Failure($"attach {Name} to cgroup {directory}", Marshal.GetLastPInvokeError()) : new BpfLink(handle);
        }
        finally
        {
            _ = Libc.close(cgroup);
        }
    }

    /// <summary>
    /// Attaches a <c>tc</c> program at a device's hook of TC, behind others that are there (tcx, kernel 6.6). The link ends with the device or with this process,
    /// and leaves no qdisc behind.
    /// </summary>
    /// <param name="index">Index of the device in the network namespace of the calling thread.</param>
    /// <param name="hook">For what comes in or what goes out.</param>
    /// <exception cref="BpfException">There is no such device, or the kernel refused.</exception>
    public BpfLink AttachToDevice(int index, DeviceHook hook) => new(new SafeFileHandle(
        BpfException.Check(Libbpf.bpf_link_create(Fd, index, (int)hook, 0), $"attach {Name} to the {hook.ToString().ToLowerInvariant()} of device {index}"), ownsHandle: true));

    /// <summary>Attaches an <c>sk_msg</c> program to a sockmap or sockhash: to every socket that enters it from now on. It ends with the map.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public void AttachToSockets(BpfMap map) =>
        BpfException.Check(Libbpf.bpf_prog_attach(Fd, map.Fd, Libbpf.SkMsgVerdict, 0), $"attach {Name} to map {map.Name}");

    /// <summary>Attaches an iterator; narrow it by task group or by map.</summary>
    /// <exception cref="BpfException">The kernel or libbpf refused.</exception>
    public unsafe BpfIterator AttachIterator(BpfIteratorTarget target = default)
    {
        // The two arms of the union overlap: a map's descriptor lies where a thread id would, a process id behind it.
        IteratorLinkInfo info = new() { MapFd = target.MapFd, Pid = target.Pid };
        IteratorAttachOptions options = new()
        {
            Size = (nuint)sizeof(IteratorAttachOptions),
            LinkInfo = target == default ? null : &info,
            LinkInfoSize = target == default ? 0 : (uint)sizeof(IteratorLinkInfo),
        };
        using LibbpfLog log = new(_logger);
        BpfLinkHandle handle = Libbpf.bpf_program__attach_iter(Pointer, &options);
        return handle.IsInvalid
            ? throw log.Failure($"attach {Name} to {Section}", Marshal.GetLastPInvokeError())
            : new BpfIterator(handle, Name);
    }

    /// <summary>The kind a section stands for: what is before the slash, by the name used everywhere in PMOAS.</summary>
    internal static string KindOf(string section)
    {
        string kind = section.Split('/', 2)[0];
        return kind switch
        {
            "tp" => "tracepoint",
            "raw_tracepoint" => "raw_tp",
            _ => kind.EndsWith(".s", StringComparison.Ordinal) ? kind[..^2] : kind,
        };
    }
}

/// <summary>Where a device has programs of TC; the numbers are those of <c>enum bpf_attach_type</c>.</summary>
public enum DeviceHook
{
    /// <summary>What comes in, before it is handed to IP.</summary>
    Ingress = 46,

    /// <summary>What goes out, before it is queued.</summary>
    Egress = 47,
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
