using Pmoas.ResourceUsage.Cgroups;

namespace Pmoas.Tests.ResourceUsage;

/// <summary>Cgroup files in a folder of the test's own, as a v1, hybrid or v2 machine has them.</summary>
internal sealed class FakeHierarchy : IDisposable
{
    private static readonly string[] s_v1 = ["cpu", "cpuacct", "memory", "blkio", "pids"];

    private readonly string _root = Directory.CreateTempSubdirectory("pmoas-test-cgroup-").FullName;
    private readonly bool _isV2;

    /// <summary>Controllers are v1 or v2; v1 is hybrid: pressure is in a common hierarchy without controllers.</summary>
    internal FakeHierarchy(bool v2, params string[] without)
    {
        _isV2 = v2;
        List<string> mounts = [$"cgroup2 {_root}/unified cgroup2 rw 0 0"];
        Directory.CreateDirectory($"{_root}/unified");
        File.WriteAllText($"{_root}/unified/cgroup.controllers", v2 ? "cpuset cpu io memory pids\n" : "\n");
        foreach (string controller in v2 ? [] : s_v1.Except(without))
        {
            Directory.CreateDirectory($"{_root}/{controller}");
            mounts.Add($"cgroup {_root}/{controller} cgroup rw,relatime,{controller} 0 0");
        }

        Places = CgroupPlaces.FromMounts(string.Join('\n', mounts), pressure: !without.Contains("pressure"));
    }

    internal CgroupPlaces Places { get; }

    /// <summary>Writes a file of a cgroup.</summary>
    /// <param name="controller">Its v1 controller, or <c>unified</c>.</param>
    /// <param name="path">The cgroup.</param>
    /// <param name="file">Name of the file.</param>
    /// <param name="text">Its content.</param>
    internal void Write(string controller, string path, string file, string text)
    {
        string directory = $"{_root}/{(_isV2 ? "unified" : controller)}{path}";
        Directory.CreateDirectory(directory);
        File.WriteAllText($"{directory}/{file}", text);
    }

    /// <summary>Removes a cgroup with its files from every hierarchy.</summary>
    internal void Remove(string path)
    {
        foreach (string hierarchy in Directory.EnumerateDirectories(_root).Where(hierarchy => Directory.Exists(hierarchy + path)))
        {
            Directory.Delete(hierarchy + path, recursive: true);
        }
    }

    /// <summary>A container as both versions would show it: the same numbers, whatever the form.</summary>
    internal void WriteContainer(string path)
    {
        if (_isV2)
        {
            Write("", path, "cpu.stat", "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnice_usec 0\nnr_periods 50\nnr_throttled 20\nthrottled_usec 1500000\nnr_bursts 0\nburst_usec 0\n");
            Write("", path, "cpu.max", "20000 100000\n");
            Write("", path, "cpu.weight", "20\n");
            Write("", path, "memory.stat", "anon 209715200\nfile 8192000\nkernel 65536\nshmem 0\ninactive_file 4096000\nactive_file 4096000\npgfault 60000\npgmajfault 12\nbrand_new_key 5\n");
            Write("", path, "memory.current", "220000000\n");
            Write("", path, "memory.swap.current", "4096\n");
            Write("", path, "memory.max", "268435456\n");
            Write("", path, "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n");
            Write("", path, "io.stat", "254:0 rbytes=4096 wbytes=67108864 rios=1 wios=64 dbytes=0 dios=0\n7:0 \n");
        }
        else
        {
            Write("cpuacct", path, "cpuacct.usage", "3000000000\n");
            Write("cpuacct", path, "cpuacct.stat", "user 200\nsystem 100\n");
            Write("cpu", path, "cpu.stat", "nr_periods 50\nnr_throttled 20\nthrottled_time 1500000000\nnr_bursts 0\nburst_time 0\n");
            Write("cpu", path, "cpu.cfs_quota_us", "20000\n");
            Write("cpu", path, "cpu.cfs_period_us", "100000\n");
            Write("cpu", path, "cpu.shares", "512\n");
            Write("memory", path, "memory.stat", "cache 0\nrss 0\nhierarchical_memory_limit 268435456\ntotal_cache 8192000\ntotal_rss 209715200\ntotal_swap 4096\ntotal_pgfault 60000\ntotal_pgmajfault 12\nbrand_new_key 5\ntotal_inactive_file 4096000\n");
            Write("memory", path, "memory.usage_in_bytes", "220000000\n");
            Write("memory", path, "memory.limit_in_bytes", "268435456\n");
            Write("memory", path, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
            Write("blkio", path, "blkio.throttle.io_service_bytes_recursive", "254:0 Read 4096\n254:0 Write 67108864\n254:0 Sync 67112960\n254:0 Async 0\n254:0 Discard 0\n254:0 Total 67112960\nTotal 67112960\n");
            Write("blkio", path, "blkio.throttle.io_serviced_recursive", "254:0 Read 1\n254:0 Write 64\n254:0 Sync 65\n254:0 Total 65\nTotal 65\n");
        }

        Write("pids", path, "pids.current", "3\n");
        Write("memory", path, "cgroup.procs", "");
        foreach ((string resource, int total) in new[] { ("cpu", 1_000_000), ("memory", 2_000_000), ("io", 3_000_000) })
        {
            Write("unified", path, $"{resource}.pressure", $"some avg10=0.00 avg60=1.50 avg300=0.00 total={total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total={total / 2}\n");
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
