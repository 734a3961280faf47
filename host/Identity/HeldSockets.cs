using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Identity;

/// <summary>
/// The internet sockets that a process holds, tagged through copies of its descriptors: the way for kernels whose verifier lets no iterator
/// touch the storage of a socket that it found by a file. A copy lives for microseconds, as long as an iterator would hold the file.
/// </summary>
internal static unsafe class HeldSockets
{
    private const string SocketLink = "socket:[";

    /// <summary>Tags them all; of a process that has ended there are none. Thread-safe.</summary>
    /// <exception cref="BpfException">The kernel refuses to copy a descriptor, or has no room for the tag.</exception>
    public static void Tag(int pid, BpfMap sockets, PmoasTag tag)
    {
        int opened = Libc.pidfd_open(pid, 0);
        if (opened < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error == Libc.ESRCH)
            {
                return;
            }
            throw new BpfException($"open process {pid} for the sockets it holds", error);
        }
        using SafeFileHandle process = new(opened, ownsHandle: true);
        foreach (int descriptor in SocketsOf(pid))
        {
            int copied = Libc.pidfd_getfd(process, descriptor, 0);
            if (copied < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error is Libc.EBADF or Libc.ESRCH)
                {
                    continue; // closed meanwhile
                }
                throw new BpfException($"copy descriptor {descriptor} of process {pid} to tag its socket; CAP_SYS_PTRACE is needed", error);
            }
            using SafeFileHandle copy = new(copied, ownsHandle: true);
            if (IsInternet(copied))
            {
                sockets.Set(copied, tag);
            }
        }
    }

    private static List<int> SocketsOf(int pid)
    {
        List<int> found = [];
        try
        {
            foreach (FileSystemInfo file in new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos())
            {
                if (file.LinkTarget?.StartsWith(SocketLink, StringComparison.Ordinal) == true)
                {
                    found.Add(int.Parse(file.Name, CultureInfo.InvariantCulture));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile: what it held is closed.
        }
        return found;
    }

    private static bool IsInternet(int socket)
    {
        int domain = 0;
        uint length = sizeof(int);
        return Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_DOMAIN, &domain, &length) == 0 && domain is Libc.AF_INET or Libc.AF_INET6;
    }
}
