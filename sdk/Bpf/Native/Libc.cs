using System.Runtime.InteropServices;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>The few functions of libc that .NET has no face for.</summary>
internal static unsafe partial class Libc
{
    internal const int ProtRead = 1;
    internal const int ProtWrite = 2;
    internal const int MapShared = 1;
    internal const int O_RDONLY = 0;
    internal const int O_CLOEXEC = 0x80000;

    /// <summary>Differs between x86-64 and arm64.</summary>
    internal static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    private const string Lib = "libc";

    /// <summary>-1 as a pointer on failure.</summary>
    [LibraryImport(Lib, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Lib)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport(Lib, SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint size);

    [LibraryImport(Lib, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);

    [LibraryImport(Lib)]
    internal static partial int close(int fd);

    [LibraryImport(Lib, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mount(string source, string target, string type, ulong flags, nint data);

    /// <summary>
    /// The text is the caller's to free. A <c>va_list</c> parameter is a pointer on x86-64 and on arm64, so it passes through untouched.
    /// </summary>
    [LibraryImport(Lib)]
    internal static partial int vasprintf(byte** text, byte* format, nint arguments);

    /// <summary>Maps <paramref name="length"/> bytes of a descriptor, shared.</summary>
    /// <exception cref="BpfException">The kernel refused.</exception>
    internal static nint Map(int fd, nuint length, int protection, nint offset, string what)
    {
        nint address = mmap(0, length, protection, MapShared, fd, offset);
        return address == -1 ? throw new BpfException(what, Marshal.GetLastPInvokeError()) : address;
    }
}
