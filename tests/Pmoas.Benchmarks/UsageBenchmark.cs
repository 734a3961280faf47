using System.Globalization;
using System.Runtime.InteropServices;
using Pmoas.Host.Demo;
using Pmoas.ResourceUsage;
using Pmoas.ResourceUsage.Cgroups;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;
using Pmoas.Tests.ResourceUsage;

namespace Pmoas.Benchmarks;

/// <summary>CPU that ResourceUsage takes for 500 containers at one scrape a second, against open, read and close of the same files.</summary>
internal static partial class UsageBenchmark
{
    private const int Containers = 500;
    private const int Rounds = 15;

    internal static async Task<int> RunAsync()
    {
        string pod = $"/pmoas-bench-usage-{Environment.ProcessId}";
        try
        {
            for (int i = 0; i < Containers; i++)
            {
                PodCgroups.Create(pod, $"{pod}/c{i}");
            }

            Run(pod);
            return 0;
        }
        finally
        {
            await PodCgroups.RemoveAsync(pod);
        }
    }

    private static void Run(string pod)
    {
        var places = CgroupPlaces.Detect();
        using UsageLab everything = Lab(places, pod, TimeSpan.Zero);
        using UsageLab paced = Lab(places, pod, new ResourceUsageOptions().Refresh);
        string[] files = OpenFiles(pod);
        KeptFiles keeping = new(files.Length);
        KeptFile[] kept = [.. files.Select(path => keeping.File(path))];
        byte[][] paths = [.. files.Select(KeptFiles.PathBytes)];

        List<double> byPread = [], byOpen = [], all = [], atRest = [], allRun = [];
        for (int round = 0; round < Rounds + 2; round++)
        {
            paced.Time.Pass(TimeSpan.FromSeconds(1));
            double[] took = [Took(() => Read(kept)), Took(() => OpenReadClose(paths)), Took(everything.Collect), Took(paced.Collect)];
            if (round >= 2)
            {
                byPread.Add(took[0]);
                byOpen.Add(took[1]);
                all.Add(took[2]);
                atRest.Add(took[3]);
            }
        }

        Array.ForEach(kept, file => file.Dispose());
        for (int round = 0; round < Rounds; round++)
        {
            paced.Time.Pass(TimeSpan.FromSeconds(1));
            RunInEach(places, pod);
            allRun.Add(Took(paced.Collect));
        }

        Console.WriteLine($"usage of {Containers} containers, {files.Length} files, one scrape a second; milliseconds of CPU a scrape");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  read: kept descriptors {byPread.Median():0.00} ms, open+read+close {byOpen.Median():0.00} ms: {byPread.Median() / byOpen.Median():0.00} (goal ≤ 0.40)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  whole scrape: containers at rest {atRest.Average():0.00} ms = {atRest.Average() / 1000:0.00%} of a core    all running {allRun.Average():0.00} ms = {allRun.Average() / 1000:0.00%} (goal ≤ 1 %)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  with refresh = \"0s\", everything at every scrape: {all.Median():0.00} ms = {all.Median() / 1000:0.00%}, {all.Median() / byOpen.Median():0.00} of open+read+close"));
    }

    /// <summary>This thread takes a little CPU time in every container, so that each has run since the scrape before.</summary>
    private static void RunInEach(CgroupPlaces places, string pod)
    {
        CgroupPlace time = places.CpuTime!;
        string file = time.IsV2 ? "cgroup.procs" : "tasks";
        for (int i = 0; i < Containers; i++)
        {
            File.WriteAllText(time.File($"{pod}/c{i}", file), "0");
            Thread.Yield(); // charges what has run so far, to the cgroup it is in now
        }

        File.WriteAllText(time.File("", file), "0");
    }

    private static UsageLab Lab(CgroupPlaces places, string pod, TimeSpan refresh)
    {
        UsageLab lab = new(places, new ResourceUsageOptions { Refresh = refresh });
        lab.Index.Run([.. Enumerable.Range(0, Containers).Select(i => PodContainers.Make((uint)i + 1, $"c{i}", Role.Service) with { PodId = (uint)(i / 3) + 1, Pod = $"p{i / 3}", CgroupPath = $"{pod}/c{i}" })]);
        lab.Collect();
        lab.Collect();
        return lab;
    }

    /// <summary>The files of these containers that the collectors keep open, each once.</summary>
    private static string[] OpenFiles(string pod) =>
    [
        .. Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "")
            .Where(path => path.Contains(pod, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal),
    ];

    private static void Read(KeptFile[] files)
    {
        foreach (KeptFile file in files)
        {
            file.TryRead(out _);
        }
    }

    private static unsafe void OpenReadClose(byte[][] paths)
    {
        byte* buffer = stackalloc byte[16 * 1024];
        foreach (byte[] path in paths)
        {
            fixed (byte* name = path)
            {
                int fd = open(name, 0x80000);
                _ = read(fd, buffer, 16 * 1024);
                _ = close(fd);
            }
        }
    }

    /// <summary>CPU milliseconds of this thread.</summary>
    private static unsafe double Took(Action work)
    {
        const int ThreadCpu = 3;
        long* before = stackalloc long[2];
        long* after = stackalloc long[2];
        _ = clock_gettime(ThreadCpu, before);
        work();
        _ = clock_gettime(ThreadCpu, after);
        return ((after[0] - before[0]) * 1e3) + ((after[1] - before[1]) / 1e6);
    }

    [LibraryImport("libc")]
    private static unsafe partial int open(byte* path, int flags);

    [LibraryImport("libc")]
    private static unsafe partial nint read(int fd, byte* buffer, nuint bytes);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc")]
    private static unsafe partial int clock_gettime(int clock, long* time);
}
