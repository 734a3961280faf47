using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Demo;
using Pmoas.Host.Plugins;
using Pmoas.Sdk.Bpf;
using Pmoas.SockMap;

namespace Pmoas.Benchmarks;

/// <summary>
/// Redirected sockets against TCP, Unix sockets and the classic design that puts every connection into the map: one connection, both ends on
/// one CPU. They take turns in every round, and each is compared with TCP of its own round. Then a pod, see <see cref="SockMapChain"/>.
/// </summary>
internal static class SockMapBenchmark
{
    private const int Rounds = 9;
    private static readonly int[] s_sizes = [64, 1024, 16 * 1024, 64 * 1024];

    private enum Arm
    {
        Tcp,
        Redirected,
        Classic,
        Unix,

        /// <summary>TCP with the plugin at work on the machine, and not in its scope.</summary>
        Unpaired,
    }

    internal static async Task<int> RunAsync()
    {
        Console.WriteLine($"sockets on kernel {KernelVersion.Release}, {Rounds} rounds; medians of each against TCP of its round");
        await SocketsAsync();
        await SockMapChain.RunAsync();
        return 0;
    }

    private static async Task SocketsAsync()
    {
        using Arms arms = new();
        double call = Enumerable.Range(0, Rounds).Select(_ => arms.SystemCall()).Median();
        Console.WriteLine($"  the least system call takes {call:0} ns here; a turn has four at least, whatever is between them");
        foreach (int size in s_sizes)
        {
            double[][] all = Measure([Arm.Tcp, Arm.Redirected, Arm.Classic, Arm.Unix], arm => arms.Turn(arm, size));
            Tell($"hop {Text(size)}", all[0], "ns a turn",
                ("redirected", all[1], size == 64 * 1024 ? 0.45 : 0.60), ("classic", all[2], null), ("AF_UNIX", all[3], null));
            if (size <= 16 * 1024)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    redirected against AF_UNIX × {all[1].RatioTo(all[3]):0.00} (goal ≤ 0.90)"));
            }

            double[] Net(double[] values) => [.. values.Select(value => value - (4 * call))];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"    without the four system calls: redirected × {Net(all[1]).RatioTo(Net(all[0])):0.00} of TCP, × {Net(all[1]).RatioTo(Net(all[3])):0.00} of AF_UNIX"));
        }

        double[][] bulk = Measure([Arm.Tcp, Arm.Redirected, Arm.Classic], arms.Bulk);
        Tell("bulk 64 KiB", bulk[0], "MiB/s", ("redirected (goal ≥)", bulk[1], 1.3), ("classic", bulk[2], null));

        await using (PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-bench" }))
        {
            double[][] pods = Measure([Arm.Tcp, Arm.Redirected], arm => arms.Turn(arm, 1024, bed));
            Tell("between two network namespaces, 1 KiB", pods[0], "ns a turn", ("redirected", pods[1], 0.50));
        }

        double[][] unpaired = Measure([Arm.Tcp, Arm.Unpaired], arm => arms.Cpu(arm, 1024));
        Tell("not in scope, 1 KiB", unpaired[0], "ns CPU a turn", ("with the plugin", unpaired[1], 1.02));
    }

    private static double[][] Measure(Arm[] arms, Func<Arm, double> measure)
    {
        double[][] values = [.. arms.Select(_ => new double[Rounds])];
        for (int round = 0; round < Rounds; round++)
        {
            for (int turn = 0; turn < arms.Length; turn++)
            {
                int which = (round + turn) % arms.Length;
                values[which][round] = measure(arms[which]);
            }
        }

        return values;
    }

    private static void Tell(string what, double[] tcp, string unit, params (string Name, double[] Values, double? Goal)[] others)
    {
        string text = string.Join("   ", others.Select(other => string.Create(CultureInfo.InvariantCulture,
            $"{other.Name} × {other.Values.RatioTo(tcp):0.00}{(other.Goal is { } goal ? $" (goal {goal:0.00})" : "")}")));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-40} TCP {tcp.Median():0} {unit}   {text}"));
    }

    private static string Text(int bytes) => bytes < 1024 ? $"{bytes} B" : $"{bytes / 1024} KiB";

    /// <summary>Everything that is measured, loaded once.</summary>
    private sealed class Arms : IDisposable
    {
        private readonly string _cgroup = UnifiedCgroup.OfThisProcess() ?? throw new InvalidOperationException("cgroup v2 is not mounted");
        private readonly BpfObject _classic;

        internal Arms()
        {
            _classic = BpfObject.OpenResource(typeof(SockMapBenchmark).Assembly, "classic_sock_map.bpf.o", NullLogger.Instance);
            _classic.Load();
            _classic.Program("classic_sends").AttachToSockets(_classic.Map("all_sockets"));
        }

        internal double SystemCall() => Run(Arm.Tcp, ["call"])[0];

        internal double Turn(Arm arm, int size, PodBed? bed = null) => Run(arm, Turns(arm, size, bed))[0];

        internal double Cpu(Arm arm, int size) => Run(arm, Turns(arm, size, bed: null))[1];

        internal double Bulk(Arm arm) => Run(arm, ["bulk", "65536", "2000000000"])[0];

        public void Dispose() => _classic.Dispose();

        private static string[] Turns(Arm arm, int size, PodBed? bed) =>
        [
            "turns", arm == Arm.Unix ? "unix" : "tcp", $"{size}", size > 16 * 1024 ? "5000" : "20000",
            .. bed is null ? (string[])[] : [bed.Plan.PodIPv4, bed.PodNetns.FilePath, bed.ClientNetns.FilePath],
        ];

        /// <summary>Attached only while it is measured; the program runs in this process's cgroup.</summary>
        private double[] Run(Arm arm, string[] arguments)
        {
            using IDisposable? at = arm switch
            {
                Arm.Redirected => Started(SockMapScope.AllLocal),
                Arm.Unpaired => Started(SockMapScope.InsideLeg),
                Arm.Classic => _classic.Program("classic_enters").AttachToCgroup(_cgroup),
                _ => null,
            };
            string said = Subprocess.RunAsync(Path.Combine(AppContext.BaseDirectory, "hop"), arguments, CancellationToken.None).GetAwaiter().GetResult();
            return [.. said.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        }

        private Acceleration Started(SockMapScope scope)
        {
            var acceleration = Acceleration.Alone(_cgroup, scope, netns: 0, maxInFlightBytes: 16 << 20, NullLogger.Instance);
            acceleration.Enable(controlPercent: 0);
            return acceleration;
        }
    }
}
