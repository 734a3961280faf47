using System.Runtime.InteropServices;

namespace Pmoas.Host.Plugins;

/// <summary>Who owns a file; .NET tells the mode but not the owner.</summary>
internal static partial class FileOwner
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint WantUid = 0x8; // STATX_UID

    /// <summary>User id of the owner of <paramref name="path"/>, symlinks followed.</summary>
    /// <exception cref="IOException">The file cannot be looked at.</exception>
    public static uint Uid(string path)
    {
        if (statx(CurrentDirectory, path, 0, WantUid, out Statx stat) != 0)
        {
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return stat.Uid;
    }

    /// <summary>The user id this process acts with.</summary>
    public static uint OfThisProcess() => geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, out Statx stat);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    /// <summary><c>struct statx</c>: the same on every architecture, which <c>struct stat</c> is not.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(20)]
        public uint Uid;
    }
}
