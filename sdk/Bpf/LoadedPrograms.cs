using System.Text;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>A program that is in the kernel, whoever loaded it.</summary>
/// <param name="Id">The kernel's number.</param>
/// <param name="Name">Its name, cut to 15 letters by the kernel; may be empty.</param>
/// <param name="Type">Its type, as <c>enum bpf_prog_type</c> numbers it.</param>
public readonly record struct LoadedProgram(uint Id, string Name, uint Type)
{
    /// <summary><c>BPF_PROG_TYPE_SOCK_OPS</c>.</summary>
    public const uint SockOps = 13;

    /// <summary><c>BPF_PROG_TYPE_SK_SKB</c>.</summary>
    public const uint SkSkb = 14;

    /// <summary><c>BPF_PROG_TYPE_SK_MSG</c>.</summary>
    public const uint SkMsg = 16;
}

/// <summary>All programs of the machine.</summary>
public static unsafe class LoadedPrograms
{
    /// <summary>Those there are now; one that goes meanwhile is left out. Needs CAP_SYS_ADMIN; empty without it.</summary>
    public static IReadOnlyList<LoadedProgram> List()
    {
        List<LoadedProgram> found = [];
        for (uint id = 0; Libbpf.bpf_prog_get_next_id(id, &id) == 0;)
        {
            int fd = Libbpf.bpf_prog_get_fd_by_id(id);
            if (fd < 0)
            {
                continue;
            }

            ProgramInfo info = default;
            uint size = (uint)sizeof(ProgramInfo);
            if (Libbpf.bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
            {
                ReadOnlySpan<byte> name = info.Name;
                int end = name.IndexOf((byte)0);
                found.Add(new LoadedProgram(id, Encoding.UTF8.GetString(end < 0 ? name : name[..end]), info.Type));
            }

            _ = Libc.close(fd);
        }

        return found;
    }
}
