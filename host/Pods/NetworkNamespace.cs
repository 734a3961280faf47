using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pmoas.Host.Pods;

/// <summary>Which network namespace a process is in. Thread-safe.</summary>
internal static class NetworkNamespace
{
    /// <summary>The namespace's name, such as <c>net:[4026531840]</c>; null when the process is gone or hidden.</summary>
    public static string? NameOf(int pid) => Link($"/proc/{pid}/ns/net");

    /// <summary>True for the machine's own namespace and the daemon's own.</summary>
    public static bool IsHost(string name) => OfHost().Any(host => host.Name == name);

    /// <summary>The machine's own namespace and, where it is another one, the daemon's, each with a process that is there.</summary>
    public static IEnumerable<(int Pid, string Name)> OfHost() =>
        from host in new[] { 1, Environment.ProcessId }
        let name = NameOf(host)
        where name is not null
        group host by name into there
        select (there.First(), there.Key);

    /// <summary>The namespace's cookie, the number kernel programs know it by; null when the process is gone.</summary>
    /// <exception cref="Win32Exception">The kernel refuses; the message says which step.</exception>
    public static ulong? CookieOf(int pid)
    {
        SafeFileHandle ns;
        try
        {
            ns = File.OpenHandle($"/proc/{pid}/ns/net");
        }
        catch (IOException)
        {
            return null;
        }
        ulong? cookie = null;
        int error = 0;
        string step = "";
        using (ns)
        {
            Send(() => cookie = Visit(ns, out error, out step));
        }
        return cookie ?? throw new Win32Exception(error, $"{step} for the network namespace of process {pid}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Does each on one thread that is in the network namespace of its process meanwhile; who is not in the namespace of that name any more is left out.</summary>
    /// <param name="visits">A process, the name of its namespace, and what to do there; what that throws ends the round.</param>
    public static void Visit(IReadOnlyCollection<(int Pid, string Name, Action Act)> visits)
    {
        if (visits.Count == 0)
        {
            return;
        }
        ExceptionDispatchInfo? thrown = null;
        Send(Round);
        thrown?.Throw();

        void Round()
        {
            try
            {
                foreach ((int pid, string name, Action act) in visits)
                {
                    if (TryEnter(pid, name))
                    {
                        act();
                    }
                }
            }
            catch (Exception e)
            {
                thrown = ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    /// <summary>Waits for a thread of its own: setns moves one for good, so it ends with what it was sent for, and no pool thread may be lent for it.</summary>
    private static void Send(Action round)
    {
        Thread visitor = new(() => round(), maxStackSize: 256 * 1024) { IsBackground = true, Name = "netns visitor" };
        visitor.Start();
        visitor.Join();
    }

    private static bool TryEnter(int pid, string name)
    {
        try
        {
            using SafeFileHandle ns = File.OpenHandle($"/proc/{pid}/ns/net");
            return Link($"/proc/self/fd/{ns.DangerousGetHandle()}") == name && Libc.setns(ns, Libc.CLONE_NEWNET) == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static unsafe ulong? Visit(SafeFileHandle ns, out int error, out string step)
    {
        error = 0;
        step = "setns";
        int socket = -1;
        if (Libc.setns(ns, Libc.CLONE_NEWNET) == 0)
        {
            step = "socket";
            socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM_CLOEXEC, 0);
        }
        if (socket < 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }
        ulong cookie;
        uint length = sizeof(ulong);
        step = "getsockopt(SO_NETNS_COOKIE)";
        int rc = Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_NETNS_COOKIE, &cookie, &length);
        error = Marshal.GetLastPInvokeError();
        _ = Libc.close(socket);
        return rc == 0 ? cookie : null;
    }

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
