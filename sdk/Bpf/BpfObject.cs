using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>
/// One kernel object (<c>*.bpf.o</c>): opened, then loaded, its programs then attached. Owns what it opens; dispose ends it all,
/// after the links and rings made of it. Open, load and dispose from one thread; maps and globals from any.
/// </summary>
public sealed unsafe class BpfObject : IDisposable
{
    private readonly Dictionary<string, string> _refused = [];
    private readonly Dictionary<nint, string> _aims = [];
    private readonly BpfObjectHandle _handle;
    private readonly ILogger _logger;
    private readonly Dictionary<string, BpfProgram> _programs = [];
    private readonly Dictionary<string, BpfMap> _maps = [];
    private readonly Dictionary<string, LiveSection> _sections = [];
    private bool _loaded;

    private BpfObject(BpfObjectHandle handle, string name, ILogger logger)
    {
        (_handle, Name, _logger) = (handle, name, logger);
        Dictionary<string, int> mapValues = [];
        if (!handle.IsInvalid)
        {
            for (nint program = Libbpf.bpf_object__next_program(handle, 0); program != 0; program = Libbpf.bpf_object__next_program(handle, program))
            {
                BpfProgram found = new(handle, program, logger, _aims);
                _programs.Add(found.Name, found);
            }

            for (nint map = Libbpf.bpf_object__next_map(handle, 0); map != 0; map = Libbpf.bpf_object__next_map(handle, map))
            {
                BpfMap found = new(handle, map);
                _maps.Add(found.Name, found);
                mapValues.Add(found.Name, (int)Libbpf.bpf_map__btf_value_type_id(map));
            }
        }

        Programs = [.. _programs.Values];
        Maps = [.. _maps.Values];
        Btf = new Btf(handle.IsInvalid ? [] : BtfBytes(handle), mapValues);
    }

    /// <summary>The object of a probe without a kernel part: no programs, no maps. Dispose does nothing to it.</summary>
    public static BpfObject None { get; } = new(new BpfObjectHandle(), "none", NullLogger.Instance);

    /// <summary>Name given at <see cref="Open"/>.</summary>
    public string Name { get; }

    /// <summary>Programs in the order of the object file.</summary>
    public IReadOnlyList<BpfProgram> Programs { get; }

    /// <summary>Maps, those libbpf makes (.rodata, .bss) included.</summary>
    public IReadOnlyList<BpfMap> Maps { get; }

    /// <summary>Type information of the object.</summary>
    public Btf Btf { get; }

    /// <summary>Opens the object in memory; nothing reaches the kernel yet, and no privilege is needed.</summary>
    /// <param name="elf">The object file; may go once this returns.</param>
    /// <param name="name">How messages call it, such as <c>accept.bpf.o</c>.</param>
    /// <param name="logger">Takes what libbpf says.</param>
    /// <exception cref="BpfException">libbpf is missing or too old, or the file is not a BPF object.</exception>
    public static BpfObject Open(ReadOnlySpan<byte> elf, string name, ILogger logger)
    {
        LibbpfVersion.Require();
        using LibbpfLog log = new(logger);
        BpfObjectHandle handle;

        // The kernel shows the first letters in the names of internal maps: drop what is the same for all objects.
        byte[] objectName = Encoding.UTF8.GetBytes(name.Split('.')[0] + '\0');
        fixed (byte* elfStart = elf)
        fixed (byte* nameStart = objectName)
        {
            ObjectOpenOptions options = new() { Size = (nuint)sizeof(ObjectOpenOptions), ObjectName = nameStart };
            handle = Libbpf.bpf_object__open_mem(elfStart, (nuint)elf.Length, &options);
        }

        return handle.IsInvalid ? throw log.Failure($"open {name}", Marshal.GetLastPInvokeError()) : new BpfObject(handle, name, logger);
    }

    /// <summary>Opens an object that an assembly embeds, as the SDK's build targets make it do with every <c>*.bpf.c</c>.</summary>
    /// <param name="assembly">Which embeds it.</param>
    /// <param name="resource">Such as <c>accept.bpf.o</c>.</param>
    /// <param name="logger">Takes what libbpf says.</param>
    /// <exception cref="BpfException">It is not embedded, or as <see cref="Open"/>.</exception>
    public static BpfObject OpenResource(Assembly assembly, string resource, ILogger logger)
    {
        using Stream stream = assembly.GetManifestResourceStream(resource)
            ?? throw new BpfException($"{assembly.GetName().Name} embeds no {resource}", errno: 0);
        byte[] elf = new byte[stream.Length];
        stream.ReadExactly(elf);
        return Open(elf, resource, logger);
    }

    /// <summary>The program with this name.</summary>
    /// <exception cref="BpfException">There is none.</exception>
    public BpfProgram Program(string name) =>
        _programs.TryGetValue(name, out BpfProgram program) ? program : throw Unknown("program", name, _programs.Keys);

    /// <summary>The map with this name.</summary>
    /// <exception cref="BpfException">There is none.</exception>
    public BpfMap Map(string name) => _maps.TryGetValue(name, out BpfMap map) ? map : throw Unknown("map", name, _maps.Keys);

    /// <summary>True when the object has a map with this name.</summary>
    public bool HasMap(string name) => _maps.ContainsKey(name);

    /// <summary>Sets a <c>const volatile</c> (before load) or a global variable (any time). Size is checked against BTF.</summary>
    /// <exception cref="BpfException">There is no such variable, it has another size, or it is constant and loaded.</exception>
    public void SetGlobal<T>(string name, T value) where T : unmanaged => *Global<T>(name, write: true) = value;

    /// <summary>Reads a global variable.</summary>
    /// <exception cref="BpfException">There is no such variable, or it has another size.</exception>
    public T GetGlobal<T>(string name) where T : unmanaged => *Global<T>(name, write: false);

    /// <summary>Keeps these programs from being loaded; before load.</summary>
    /// <exception cref="BpfException">There is no such program, or the object is loaded.</exception>
    public void SwitchOff(IEnumerable<string> programs)
    {
        foreach (string name in programs)
        {
            BpfProgram program = Program(name);
            program.Autoload = false;
        }
    }

    /// <summary>
    /// Names the kernel function that a program is for, whose section says <c>fentry</c>, <c>fexit</c>, <c>kprobe</c> or <c>kretprobe</c> alone; before load.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="function">The function, of the kernel or of a module that is loaded.</param>
    /// <exception cref="BpfException">
    /// There is no such program, or the object is loaded; or there is no such function, see <see cref="KernelFunction"/>: of a kprobe only its attachment tells that.
    /// </exception>
    public void AimAt(string program, string function)
    {
        if (Tracefs.IsKprobe(Program(program).Kind))
        {
            _aims[Program(program).Pointer] = function;
            return;
        }

        using LibbpfLog log = new(_logger);
        int result = Libbpf.bpf_program__set_attach_target(Program(program).Pointer, 0, function);
        if (result < 0)
        {
            throw log.Failure($"aim {program} of {Name} at the function {function}", -result);
        }
    }

    /// <summary>Keeps a program from being loaded, because this kernel cannot have it; before load. Its hook, where nothing else serves it, is missing.</summary>
    /// <param name="program">The program.</param>
    /// <param name="reason">Why, a sentence without its end.</param>
    /// <exception cref="BpfException">There is no such program, or the object is loaded.</exception>
    public void Refuse(string program, string reason)
    {
        SwitchOff([program]);
        _refused[program] = reason;
    }

    /// <summary>Why one of these programs was refused; null when none was.</summary>
    internal string? RefusalOf(IEnumerable<string> programs) => programs.Select(_refused.GetValueOrDefault).FirstOrDefault(reason => reason is not null);

    /// <summary>Loads programs (those with autoload) and maps into the kernel.</summary>
    /// <exception cref="BpfException">The kernel or libbpf refused; a program the verifier rejected is named, with the end of its log.</exception>
    public void Load()
    {
        using LibbpfLog log = new(_logger);
        int result = Libbpf.bpf_object__load(_handle);
        if (result < 0)
        {
            throw log.Failure($"load {Name}", -result);
        }

        _loaded = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle.IsInvalid)
        {
            return;
        }

        lock (_sections)
        {
            foreach (LiveSection section in _sections.Values)
            {
                _ = Libc.munmap(section.Address, section.Length);
            }

            _sections.Clear();
        }

        _handle.Dispose();
    }

    private static byte[] BtfBytes(BpfObjectHandle handle)
    {
        nint btf = Libbpf.bpf_object__btf(handle);
        uint size = 0;
        byte* bytes = btf == 0 ? null : Libbpf.btf__raw_data(btf, &size);
        return bytes is null ? [] : new ReadOnlySpan<byte>(bytes, (int)size).ToArray();
    }

    private BpfException Unknown(string what, string name, IEnumerable<string> known) =>
        new($"{Name} has no {what} '{name}'; it has: {string.Join(", ", known.DefaultIfEmpty("none"))}", errno: 0);

    private T* Global<T>(string name, bool write) where T : unmanaged
    {
        if (!Btf.TryVariable(name, out BtfVariable variable))
        {
            throw new BpfException($"{Name} has no global variable '{name}', or nothing in it uses it", errno: 0);
        }

        if (variable.Size != sizeof(T))
        {
            throw new BpfException($"global variable '{name}' of {Name} has {variable.Size} bytes, {typeof(T).Name} has {sizeof(T)}", errno: 0);
        }

        bool constant = variable.Section.StartsWith(".rodata", StringComparison.Ordinal);
        if (constant && _loaded && write)
        {
            throw new BpfException($"'{name}' of {Name} is a constant: set it before load", errno: 0);
        }

        return (T*)(Section(variable.Section, live: _loaded && !constant) + variable.Offset);
    }

    /// <summary>
    /// Memory of a section. Until load it is what libbpf fills the map from. libbpf 1.1 leaves that memory unconnected when it loads, so
    /// a live section is the map itself, mapped here.
    /// </summary>
    private byte* Section(string name, bool live)
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        nint map = Libbpf.bpf_object__find_map_by_name(_handle, name);
        nuint size = 0;
        byte* initial = map == 0 ? null : Libbpf.bpf_map__initial_value(map, &size);
        if (initial is null)
        {
            throw new BpfException($"{Name} has no memory for section {name}", errno: 0);
        }

        if (!live)
        {
            return initial;
        }

        lock (_sections)
        {
            if (!_sections.TryGetValue(name, out LiveSection section))
            {
                nuint page = (nuint)Environment.SystemPageSize;
                nuint length = (size + page - 1) / page * page;
                section = new LiveSection(Libc.Map(Libbpf.bpf_map__fd(map), length, Libc.ProtRead | Libc.ProtWrite, 0, $"map section {name} of {Name}"), length);
                _sections.Add(name, section);
            }

            return (byte*)section.Address;
        }
    }

    private readonly record struct LiveSection(nint Address, nuint Length);
}
