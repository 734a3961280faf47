using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Sdk;

/// <summary>What ladder.bpf.o notices: getppid of this process, a call .NET itself never makes.</summary>
internal static partial class Watch
{
    internal static void ThisProcess(BpfObject ladder)
    {
        ladder.SetGlobal("watched_pid", (uint)Environment.ProcessId);
        ladder.SetGlobal("syscall_number", RuntimeInformation.OSArchitecture == Architecture.Arm64 ? 173u : 110u);
    }

    internal static void Getppid(int times)
    {
        for (int i = 0; i < times; i++)
        {
            _ = getppid();
        }
    }

    [LibraryImport("libc")]
    private static partial int getppid();
}
