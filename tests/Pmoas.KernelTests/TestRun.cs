using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests;

/// <summary>Runs a program by hand (BPF_PROG_TEST_RUN), on the CPU this thread is on.</summary>
internal static partial class TestRun
{
    /// <summary>Runs a <c>SEC("syscall")</c> program once, without a context.</summary>
    internal static unsafe void Once(BpfProgram program)
    {
        Options options = new() { Size = (nuint)sizeof(Options) };
        int result = bpf_prog_test_run_opts(program.Fd, &options);
        if (result < 0)
        {
            throw new BpfException($"run {program.Name}", -result);
        }
    }

    /// <summary>Runs it once on every CPU this process may use.</summary>
    /// <returns>How many CPUs.</returns>
    internal static int OnEveryCpu(BpfProgram program)
    {
        ulong all = 0;
        Check(sched_getaffinity(0, sizeof(ulong), ref all));
        int cpus = 0;
        try
        {
            for (int cpu = 0; cpu < 64; cpu++)
            {
                ulong one = all & (1ul << cpu);
                if (one != 0)
                {
                    Check(sched_setaffinity(0, sizeof(ulong), ref one));
                    Once(program);
                    cpus++;
                }
            }
        }
        finally
        {
            Check(sched_setaffinity(0, sizeof(ulong), ref all));
        }

        return cpus;
    }

    private static void Check(int result) => ArgumentOutOfRangeException.ThrowIfNegative(result);

    [LibraryImport("libbpf.so.1")]
    private static unsafe partial int bpf_prog_test_run_opts(int programFd, Options* options);

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nuint size, ref ulong mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nuint size, ref ulong mask);

    /// <summary><c>struct bpf_test_run_opts</c>.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private struct Options
    {
        [FieldOffset(0)]
        internal nuint Size;
    }
}
