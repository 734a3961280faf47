using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Pmoas.Beds.Place;

/// <summary>Mounts of this machine.</summary>
internal static partial class Mounts
{
    private const int Detach = 2;
    private const ulong Private = 1 << 18;

    /// <summary>Mount points at a folder or under it, in the order they were made.</summary>
    internal static IReadOnlyList<string> Under(string folder) =>
    [
        .. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4])
            .Where(point => point == folder || point.StartsWith($"{folder}/", StringComparison.Ordinal)),
    ];

    /// <summary>Mounts an empty file system in memory: databases of runtimes wait for no disk there, and it goes as one.</summary>
    /// <exception cref="BedException">The kernel refused.</exception>
    internal static void MountMemory(string folder)
    {
        if (Mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0 || Mount("none", folder, null, Private, null) != 0)
        {
            throw new BedException($"Cannot mount a tmpfs at {folder}: {LastError()}; it takes root.");
        }
    }

    /// <summary>Unmounts everything at a folder and under it, also what is in use.</summary>
    internal static void RemoveUnder(string folder)
    {
        foreach (string point in Under(folder).Reverse())
        {
            // Gone already when it hung below one that was detached.
            _ = Unmount(point, Detach);
        }
    }

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
