namespace Pmoas.Sdk.Bpf.Native;

/// <summary>Whether the libbpf of this machine can be used; asked once.</summary>
internal static class LibbpfVersion
{
    private static readonly string? Fault = Find();

    /// <summary>Version of the libbpf in use; after <see cref="Require"/>.</summary>
    internal static string Text => $"{Libbpf.libbpf_major_version()}.{Libbpf.libbpf_minor_version()}";

    /// <summary>Makes sure of libbpf before its first use.</summary>
    /// <exception cref="BpfException">It is missing or too old.</exception>
    internal static void Require()
    {
        if (Fault is not null)
        {
            throw new BpfException(Fault, errno: 0);
        }
    }

    private static string? Find()
    {
        try
        {
            uint major = Libbpf.libbpf_major_version();
            return major >= 1 ? null : $"libbpf {major}.{Libbpf.libbpf_minor_version()} is too old, 1.0 is needed: apt install libbpf1";
        }
        catch (DllNotFoundException)
        {
            return "libbpf.so.1 is not installed: apt install libbpf1";
        }
        catch (EntryPointNotFoundException)
        {
            return "libbpf.so.1 is older than 1.0: apt install libbpf1";
        }
    }
}
