using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pmoas.Host.Demo;

/// <summary>A network namespace with a name, as <c>ip netns</c> keeps it.</summary>
/// <param name="Name">Its name, unique on the machine.</param>
internal sealed partial record NamedNetns(string Name)
{
    private const string Folder = "/run/netns";
    private const int CloneNewNet = 0x40000000;

    /// <summary>The file that keeps it alive and that <c>nsenter --net=</c> takes.</summary>
    internal string FilePath => $"{Folder}/{Name}";

    /// <summary>Names of all that exist on this machine.</summary>
    internal static IEnumerable<string> Existing() =>
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)) : [];

    /// <summary>Makes it, with its loopback up.</summary>
    internal async Task CreateAsync(CancellationToken cancellation)
    {
        await Subprocess.RunAsync("ip", ["netns", "add", Name], cancellation);
        await IpAsync(cancellation, "link", "set", "lo", "up");
    }

    /// <summary>Runs <c>ip</c> inside.</summary>
    internal Task IpAsync(CancellationToken cancellation, params string[] arguments) =>
        Subprocess.RunAsync("ip", ["-n", Name, .. arguments], cancellation);

    /// <summary>Deletes it; nothing when there is none.</summary>
    internal async Task DeleteAsync()
    {
        if (File.Exists(FilePath))
        {
            await Subprocess.RunAsync("ip", ["netns", "delete", Name], CancellationToken.None);
        }
    }

    /// <summary>
    /// Runs work inside, on a thread of its own: a thread that has changed its namespace must never go back to the pool. It goes home
    /// before it ends, for what it hands on then may start a thread of the pool, and a thread begins in the namespace of its maker.
    /// A socket belongs to the namespace it was made in, also when other threads use it later.
    /// </summary>
    internal Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            using SafeFileHandle home = File.OpenHandle("/proc/thread-self/ns/net");
            using SafeFileHandle there = File.OpenHandle(FilePath);
            Enter(there);
            try
            {
                return work();
            }
            finally
            {
                Enter(home);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private void Enter(SafeFileHandle netns)
    {
        if (SetNamespace(netns, CloneNewNet) != 0)
        {
            throw new DemoException($"Cannot enter or leave network namespace {Name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}; it takes root.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int kind);
}
