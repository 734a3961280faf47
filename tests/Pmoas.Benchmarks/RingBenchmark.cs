using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Benchmarks;

/// <summary>
/// ns per event of three readers of one ring: managed, C on the same memory, and libbpf's. A round fills the ring by a BPF program and lets
/// one reader drain it; rounds take turns, so that whatever else the machine does meets all three. Medians are printed.
/// </summary>
internal static unsafe partial class RingBenchmark
{
    private const int Events = 50_000;
    private const int Rounds = 200;
    private const int WarmUp = 50;
    private const double Goal = 1.15;

    /// <returns>0, or 1 when a reader lost or altered an event.</returns>
    internal static int Run()
    {
        using BpfObject bpf = BpfObject.OpenResource(Assembly.GetExecutingAssembly(), "ring_load.bpf.o", NullLogger.Instance);
        bpf.Load();
        bpf.SetGlobal("wanted", (ulong)Events);
        BpfMap map = bpf.Map("events");
        using RingBuffer ring = new(map);
        if (ring_reader_open(map.Fd, map.MaxEntries) != 0)
        {
            Console.Error.WriteLine("the C reader cannot map the ring");
            return 1;
        }

        ulong sum = 0;
        RingSampleHandler add = sample => sum += MemoryMarshal.Read<ulong>(sample);
        long allocated = 0;
        Reader[] readers =
        [
            new("managed", () =>
            {
                sum = 0;
                long before = GC.GetAllocatedBytesForCurrentThread();
                ring.Drain(add);
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                return sum;
            }),
            new("C", ring_reader_drain),
            new("libbpf", ring_reader_consume),
        ];

        for (int round = -WarmUp; round < Rounds; round++)
        {
            foreach (Reader reader in readers)
            {
                ulong first = bpf.GetGlobal<ulong>("number") + 1;
                Produce(bpf.Program("produce").Fd);
                long start = Stopwatch.GetTimestamp();
                ulong read = reader.Drain();
                double ns = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Events;
                if (read != (first + first + Events - 1) * Events / 2)
                {
                    Console.Error.WriteLine($"{reader.Name} lost or altered an event");
                    return 1;
                }

                if (round >= 0)
                {
                    reader.NsPerEvent.Add(ns);
                }
            }
        }

        ring_reader_close();
        double c = readers[1].Median;
        foreach (Reader reader in readers)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ring {reader.Name,-8} {reader.Median,6:0.00} ns/event   {reader.Median / c:0.00} x C"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"ring managed  {(double)allocated / ((Rounds + WarmUp) * (long)Events):0.0000} bytes allocated per event; goal <= {Goal} x C and 0 bytes: {(readers[0].Median / c <= Goal && allocated == 0 ? "met" : "missed")}"));
        return 0;
    }

    /// <summary>Runs the program once by hand. The options start with their own size (80), all else is 0.</summary>
    private static void Produce(int programFd)
    {
        nuint* options = stackalloc nuint[10];
        options[0] = 80;
        int result = bpf_prog_test_run_opts(programFd, options);
        if (result < 0)
        {
            throw new BpfException("run produce of ring_load.bpf.o", -result);
        }
    }

    [LibraryImport("libbpf.so.1")]
    private static partial int bpf_prog_test_run_opts(int programFd, void* options);

    [LibraryImport("ring_reader")]
    private static partial int ring_reader_open(int mapFd, ulong size);

    [LibraryImport("ring_reader")]
    private static partial ulong ring_reader_drain();

    [LibraryImport("ring_reader")]
    private static partial ulong ring_reader_consume();

    [LibraryImport("ring_reader")]
    private static partial void ring_reader_close();

    private sealed record Reader(string Name, Func<ulong> Drain)
    {
        internal List<double> NsPerEvent { get; } = [];

        internal double Median => NsPerEvent.Order().ElementAt(NsPerEvent.Count / 2);
    }
}
