using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>
/// The functions of libbpf 1.x that the SDK calls, as they are. Two conventions: an <c>int</c> is 0 (or a count, or a descriptor)
/// or -errno; a pointer or handle is NULL on failure and errno says why. <see cref="BpfException"/> checks both.
/// </summary>
internal static unsafe partial class Libbpf
{
    private const string Lib = "libbpf.so.1";

    // ---- library ----

    [LibraryImport(Lib)]
    internal static partial uint libbpf_major_version();

    [LibraryImport(Lib)]
    internal static partial uint libbpf_minor_version();

    /// <summary>Text of an errno or of one of libbpf's own codes (4000 and up).</summary>
    [LibraryImport(Lib)]
    internal static partial int libbpf_strerror(int error, byte* text, nuint size);

    [LibraryImport(Lib)]
    internal static partial nint libbpf_set_print(delegate* unmanaged[Cdecl]<int, byte*, nint, int> print);

    /// <summary>CPUs the kernel may ever have; per-CPU values come in this number, not in that of online CPUs.</summary>
    [LibraryImport(Lib)]
    internal static partial int libbpf_num_possible_cpus();

    // ---- object ----

    /// <summary>The buffer may go once this returns.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    internal static partial BpfObjectHandle bpf_object__open_mem(byte* elf, nuint size, ObjectOpenOptions* options);

    [LibraryImport(Lib)]
    internal static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Lib)]
    internal static partial void bpf_object__close(nint obj);

    /// <summary>The next program, the first for NULL; NULL after the last.</summary>
    [LibraryImport(Lib)]
    internal static partial nint bpf_object__next_program(BpfObjectHandle obj, nint previous);

    /// <summary>The next map, the first for NULL; NULL after the last.</summary>
    [LibraryImport(Lib)]
    internal static partial nint bpf_object__next_map(BpfObjectHandle obj, nint previous);

    /// <summary>A name with a leading dot finds the map libbpf makes for that section.</summary>
    [LibraryImport(Lib, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    /// <summary>NULL when the object carries no BTF.</summary>
    [LibraryImport(Lib)]
    internal static partial nint bpf_object__btf(BpfObjectHandle obj);

    // ---- program ----

    [LibraryImport(Lib)]
    internal static partial nint bpf_program__name(nint program);

    [LibraryImport(Lib)]
    internal static partial nint bpf_program__section_name(nint program);

    [LibraryImport(Lib)]
    internal static partial byte bpf_program__autoload(nint program);

    [LibraryImport(Lib)]
    internal static partial int bpf_program__set_autoload(nint program, byte autoload);

    [LibraryImport(Lib)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach(nint program);

    [LibraryImport(Lib, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial BpfLinkHandle bpf_program__attach_kprobe(nint program, [MarshalAs(UnmanagedType.U1)] bool atReturn, string function);

    [LibraryImport(Lib, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_program__set_attach_target(nint program, int otherProgram, string function);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach_iter(nint program, IteratorAttachOptions* options);

    /// <summary>By a link, beside other programs of the same kind.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    internal static partial BpfLinkHandle bpf_program__attach_cgroup(nint program, int cgroup);

    /// <summary><c>BPF_SK_MSG_VERDICT</c> of <c>enum bpf_attach_type</c>.</summary>
    internal const int SkMsgVerdict = 7;

    /// <summary>0 or -errno.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_prog_attach(int program, int target, int type, uint flags);

    /// <summary>A descriptor whose end is the link's, or -errno.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_link_create(int program, int target, int type, nint options);

    [LibraryImport(Lib)]
    internal static partial int bpf_link__fd(BpfLinkHandle link);

    [LibraryImport(Lib)]
    internal static partial int bpf_link__destroy(nint link);

    /// <summary>A descriptor that walks once as it is read.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_iter_create(int linkFd);

    /// <summary>0; -ENOENT after the last.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_prog_get_next_id(uint from, uint* next);

    /// <summary>A descriptor to be closed, or -errno.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Lib)]
    internal static partial int bpf_obj_get_info_by_fd(int fd, void* info, uint* size);

    // ---- map ----

    [LibraryImport(Lib)]
    internal static partial nint bpf_map__name(nint map);

    [LibraryImport(Lib)]
    internal static partial int bpf_map__type(nint map);

    [LibraryImport(Lib)]
    internal static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Lib)]
    internal static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Lib)]
    internal static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Lib)]
    internal static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Lib)]
    internal static partial uint bpf_map__btf_value_type_id(nint map);

    /// <summary>Negative before load.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_map__fd(nint map);

    /// <summary>Duplicates the descriptor.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    /// <summary>The memory an internal map (.rodata, .data, .bss) is filled from at load; NULL for other maps.</summary>
    [LibraryImport(Lib)]
    internal static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(Lib)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Lib)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Lib)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    /// <summary>The first key for NULL; -ENOENT after the last.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_map_get_next_key(int fd, void* key, void* next);

    /// <summary>-ENOENT marks the last batch, whose count is valid; -ENOSPC a buffer smaller than one hash bucket.</summary>
    [LibraryImport(Lib)]
    internal static partial int bpf_map_lookup_batch(
        int fd, void* cursor, void* nextCursor, void* keys, void* values, uint* count, void* options);

    // ---- type information ----

    /// <summary>The whole BTF as bytes, owned by the object.</summary>
    [LibraryImport(Lib)]
    internal static partial byte* btf__raw_data(nint btf, uint* size);
}
