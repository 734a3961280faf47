using System.Runtime.InteropServices;

namespace Pmoas.Host.Verbs;

/// <summary>Turns SIGINT, SIGTERM and SIGHUP (the terminal closed) into a cancellation, so that a verb in the foreground ends in its own order.</summary>
internal static class Interrupt
{
    /// <summary>Runs <paramref name="work"/> until it ends or is cancelled by a signal.</summary>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> work)
    {
        using CancellationTokenSource stopping = new();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        return await work(stopping.Token);
    }
}
