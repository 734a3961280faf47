using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests;

/// <summary>
/// Watches that a test leaves no program, map or link of this process in the kernel. Others may use BPF on the machine at the same
/// time, so it looks at what this process holds (/proc/self/fdinfo) and follows each id it saw there until the kernel knows it no more.
/// </summary>
/// <example><c>using KernelLeftovers leftovers = new(); … leftovers.Mark(); bpf.Dispose(); leftovers.AssertNone();</c></example>
internal sealed partial class KernelLeftovers
{
    private readonly HashSet<KernelObject> _before = Held();
    private readonly HashSet<KernelObject> _made = [];

    /// <summary>How long to wait for the kernel, which frees some objects only after a grace period.</summary>
    internal TimeSpan GracePeriod { get; set; } = Patience.Of(TimeSpan.FromSeconds(5));

    /// <summary>Notes what this process holds now and did not at the start. Call it while the objects under test live.</summary>
    /// <returns>How many objects have been noted so far.</returns>
    internal int Mark()
    {
        _made.UnionWith(Held().Except(_before));
        return _made.Count;
    }

    /// <summary>Fails, naming them, when objects this process made are still held or still in the kernel.</summary>
    internal void AssertNone()
    {
        List<KernelObject> left = Left();
        for (long start = Stopwatch.GetTimestamp(); left.Count > 0 && Stopwatch.GetElapsedTime(start) < GracePeriod; left = Left())
        {
            Thread.Sleep(20);
        }

        Assert.Empty(left);
    }

    /// <summary>What the kernel says of each descriptor of this process, in lines.</summary>
    internal static IEnumerable<string[]> Descriptors()
    {
        foreach (string path in Directory.EnumerateFiles("/proc/self/fdinfo"))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(path);
            }
            catch (IOException)
            {
                continue; // closed meanwhile
            }

            yield return lines;
        }
    }

    private List<KernelObject> Left() => [.. Held().Except(_before).Union(_made.Where(InKernel))];

    /// <summary>Programs, maps and links this process has a descriptor of.</summary>
    private static HashSet<KernelObject> Held()
    {
        HashSet<KernelObject> held = [];
        foreach (string[] lines in Descriptors())
        {
            // A link's fdinfo names its program too, so the order matters: what the descriptor is of comes first.
            foreach (ObjectKind kind in Enum.GetValues<ObjectKind>())
            {
                string key = $"{kind.ToString().ToLowerInvariant()}_id:";
                if (lines.FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line)
                {
                    held.Add(new KernelObject(kind, uint.Parse(line[key.Length..], CultureInfo.InvariantCulture)));
                    break;
                }
            }
        }

        return held;
    }

    private static bool InKernel(KernelObject one)
    {
        int fd = one.Kind switch
        {
            ObjectKind.Link => bpf_link_get_fd_by_id(one.Id),
            ObjectKind.Map => bpf_map_get_fd_by_id(one.Id),
            _ => bpf_prog_get_fd_by_id(one.Id),
        };
        return fd >= 0 && close(fd) == 0;
    }

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_link_get_fd_by_id(uint id);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    internal enum ObjectKind
    {
        Link,
        Map,
        Prog,
    }

    internal readonly record struct KernelObject(ObjectKind Kind, uint Id);
}
