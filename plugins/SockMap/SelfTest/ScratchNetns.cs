using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pmoas.SockMap.SelfTest;

/// <summary>A network namespace that exists while one thread works in it.</summary>
internal static unsafe class ScratchNetns
{
    /// <summary>Runs work on a thread of its own, in a new network namespace whose loopback is up; the namespace ends with it.</summary>
    /// <param name="work">Given the namespace's cookie.</param>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    internal static T Run<T>(Func<ulong, T> work)
    {
        T? result = default;
        Exception? fault = null;
        Thread thread = new(() =>
        {
            try
            {
                result = Visit(work);
            }
            catch (Exception e)
            {
                fault = e; // thrown again where it can be handled
            }
        })
        { IsBackground = true, Name = "sock_map self-test" };
        thread.Start();
        thread.Join();
        return fault is null ? result! : throw new InvalidOperationException(fault.Message, fault);
    }

    private static T Visit<T>(Func<ulong, T> work)
    {
        // Home again before the thread ends: what it wakes may start a pool thread, which begins where its maker is.
        using SafeFileHandle home = File.OpenHandle("/proc/thread-self/ns/net");
        Check(Native.unshare(Native.CLONE_NEWNET), "unshare(CLONE_NEWNET)");
        try
        {
            return work(Prepare());
        }
        finally
        {
            Check(Native.setns((int)home.DangerousGetHandle(), Native.CLONE_NEWNET), "setns");
        }
    }

    private static ulong Prepare()
    {
        int socket = Check(Native.socket(Native.AF_INET, Native.SOCK_STREAM | Native.SOCK_CLOEXEC, 0), "socket");
        try
        {
            // struct ifreq: the name in 16 bytes, then a union that begins with the flags
            byte* request = stackalloc byte[40];
            new Span<byte>(request, 40).Clear();
            "lo"u8.CopyTo(new Span<byte>(request, 16));
            Check(Native.ioctl(socket, Native.SIOCGIFFLAGS, request), "SIOCGIFFLAGS");
            *(short*)(request + 16) |= Native.IFF_UP;
            Check(Native.ioctl(socket, Native.SIOCSIFFLAGS, request), "SIOCSIFFLAGS");
            ulong cookie;
            uint length = sizeof(ulong);
            Check(Native.getsockopt(socket, Native.SOL_SOCKET, Native.SO_NETNS_COOKIE, &cookie, &length), "getsockopt(SO_NETNS_COOKIE)");
            return cookie;
        }
        finally
        {
            _ = Native.close(socket);
        }
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call} for the self-test: {Marshal.GetLastPInvokeErrorMessage()}");
}
