using System.ComponentModel;
using System.Runtime.InteropServices;

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
    /// Runs work inside, on a thread of its own that ends with it: a thread that has changed its namespace must never go back to the pool.
    /// A socket belongs to the namespace it was made in, also when other threads use it later.
    /// </summary>
    internal Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            Enter();
            return work();
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private void Enter()
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(FilePath);
        if (SetNamespace((int)file.DangerousGetHandle(), CloneNewNet) != 0)
        {
            throw new DemoException($"Cannot enter network namespace {Name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}; it takes root.");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int file, int kind);
}
