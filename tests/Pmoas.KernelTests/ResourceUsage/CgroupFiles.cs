using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>The kernel's own files of a cgroup, whether its controllers are of version 1 or 2.</summary>
internal static class CgroupFiles
{
    /// <summary>True when the machine has the controllers in one hierarchy.</summary>
    internal static bool AreV2 { get; } = File.Exists("/sys/fs/cgroup/cgroup.controllers");

    /// <summary>CPU time, seconds.</summary>
    internal static double CpuSeconds(string cgroup) => AreV2
        ? Keyed(cgroup, "cpu.stat")["usage_usec"] * 1e-6
        : double.Parse(File.ReadAllText(Find(cgroup, "cpuacct.usage")), CultureInfo.InvariantCulture) * 1e-9;

    /// <summary>Periods with a limit, those it was throttled in, and seconds it was.</summary>
    internal static (double Periods, double Throttled, double Seconds) Throttling(string cgroup)
    {
        Dictionary<string, double> stat = Keyed(cgroup, "cpu.stat");
        return (stat["nr_periods"], stat["nr_throttled"], AreV2 ? stat["throttled_usec"] * 1e-6 : stat["throttled_time"] * 1e-9);
    }

    /// <summary>Limits the cores, in periods of 100 ms.</summary>
    internal static void LimitCpu(string cgroup, double cores)
    {
        string quota = (cores * 100_000).ToString(CultureInfo.InvariantCulture);
        Write(cgroup, AreV2 ? "cpu.max" : "cpu.cfs_quota_us", AreV2 ? $"{quota} 100000" : quota);
    }

    /// <summary>Asks for half a core as container runtimes do.</summary>
    /// <returns>The cores as they can be read back: on v2, 512 shares have been rounded to a weight of 20.</returns>
    internal static double RequestHalfACore(string cgroup)
    {
        Write(cgroup, AreV2 ? "cpu.weight" : "cpu.shares", AreV2 ? "20" : "512");
        return AreV2 ? 500 / 1024.0 : 0.5;
    }

    /// <summary>Limits the memory.</summary>
    internal static void LimitMemory(string cgroup, long bytes) =>
        Write(cgroup, AreV2 ? "memory.max" : "memory.limit_in_bytes", bytes.ToString(CultureInfo.InvariantCulture));

    /// <summary>Makes the kernel count a device: since 6.9 it does on v1 only once the device has had a rule. This one never bites.</summary>
    internal static void CountDevice(string cgroup, string numbers)
    {
        if (!AreV2)
        {
            Write(cgroup, "blkio.throttle.write_bps_device", $"{numbers} 1000000000000");
        }
    }

    private static Dictionary<string, double> Keyed(string cgroup, string file) => File.ReadLines(Find(cgroup, file)).Select(line => line.Split(' '))
        .ToDictionary(line => line[0], line => double.Parse(line[1], CultureInfo.InvariantCulture));

    private static void Write(string cgroup, string file, string text) => File.WriteAllText(Find(cgroup, file), text);

    /// <summary>The file's path in the hierarchy that has it.</summary>
    private static string Find(string cgroup, string file) => PodCgroups.Directories(cgroup).Select(directory => Path.Combine(directory, file)).First(File.Exists);
}
