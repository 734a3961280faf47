using System.Globalization;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>
/// A pod with a real proxy, with SockMap on its inside leg and without: requests per second, and CPU time of the pod per request. Each
/// measurement has a pod of its own, as connections that a proxy has kept are never enrolled later.
/// </summary>
internal static class SockMapChain
{
    private const int Rounds = 7;
    private const int Seconds = 3;
    private const int Connections = 16;
    private const string Toml = "[plugins.sock_map]\nmode = \"on\"\n";

    internal static async Task RunAsync()
    {
        Console.WriteLine($"pod, {Connections} connections kept on both legs, {Rounds} rounds of {Seconds} s each, wrk outside; against the same pod without the daemon");
        foreach ((string name, ContainerProgram sidecar) in ((string, ContainerProgram)[])[("haproxy", Haproxy.Sidecar), ("nginx", Nginx.Sidecar)])
        {
            foreach (int body in (int[])[1024, 65_536])
            {
                await RunAsync($"{name}, {body / 1024} KiB", new PodBedOptions
                {
                    Prefix = "pmoas-bench",
                    Sidecar = sidecar,
                    InsideConnections = InsideConnections.KeepAlive,
                    BodyBytes = body,
                });
            }
        }
    }

    private static async Task RunAsync(string title, PodBedOptions options)
    {
        double[] tcp = new double[Rounds], redirected = new double[Rounds], tcpCpu = new double[Rounds], redirectedCpu = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            foreach (bool with in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                (double rate, double cpu) = await MeasureAsync(options, with);
                (with ? redirected : tcp)[round] = rate;
                (with ? redirectedCpu : tcpCpu)[round] = cpu;
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {title,-16} TCP {tcp.Median():0} requests/s, {tcpCpu.Median():0.0} µs CPU   redirected × {redirected.RatioTo(tcp):0.00} (goal ≥ 1.20), CPU × {redirectedCpu.RatioTo(tcpCpu):0.00} (goal ≤ 0.82)   best of each × {redirected.Max() / tcp.Max():0.00}, CPU × {redirectedCpu.Min() / tcpCpu.Min():0.00}"));
    }

    private static async Task<(double Rate, double CpuMicroseconds)> MeasureAsync(PodBedOptions options, bool with)
    {
        await using PodBed bed = await PodBed.StartAsync(options);
        await using DaemonUnderTest? daemon = with ? await DaemonUnderTest.StartAsync(bed, "artifacts/pmoas/plugins", Toml) : null;
        await Task.Delay(TimeSpan.FromSeconds(3));
        await ExactClient.RunAsync(bed, bed.SidecarUrl, 30, keepAlive: true); // the trials, over one connection
        long before = Cpu(bed);
        Wrk load = await Wrk.RunAsync(bed, Connections, Seconds);
        return (load.RequestsPerSecond, (Cpu(bed) - before) / 1e3 / load.Requests);
    }

    /// <summary>CPU nanoseconds of both containers.</summary>
    private static long Cpu(PodBed bed)
    {
        string pod = Path.GetDirectoryName(bed.Service.CgroupPath)!;
        string v1 = $"/sys/fs/cgroup/cpuacct{pod}/cpuacct.usage";
        return File.Exists(v1)
            ? long.Parse(File.ReadAllText(v1), CultureInfo.InvariantCulture)
            : 1000 * long.Parse(File.ReadLines($"/sys/fs/cgroup{pod}/cpu.stat").First().Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
