using System.Runtime.InteropServices;

namespace Pmoas.Host.Demo;

/// <summary>Signals to processes, by id.</summary>
internal static partial class Signals
{
    internal const int Kill = 9;
    internal const int Terminate = 15;

    /// <summary>0, or -1 when there is no such process (any more).</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Send(int pid, int signal);
}
