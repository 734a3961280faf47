using System.Diagnostics;
using Pmoas.Host.Demo;

namespace Pmoas.Beds.Place;

/// <summary>A container runtime as a process in a bed's network namespace, in a session of its own.</summary>
internal sealed class RuntimeDaemon(BedPlace place, string program, IReadOnlyList<string> arguments) : IDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(15);
    private Process? _process;

    /// <summary>Its process id; it must run.</summary>
    internal int Pid => _process?.Id ?? throw new BedException($"{program} of {place.Name} is stopped: start it first.");

    private string Log => place.In($"{program}.log");

    /// <summary>Starts it and returns when it answers.</summary>
    /// <param name="answers">Asked until it says yes.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="BedException">It ended or does not answer in time.</exception>
    internal async Task StartAsync(Func<Task<bool>> answers, CancellationToken cancellation)
    {
        string script = $"exec </dev/null >>'{Log}' 2>&1; exec \"$@\"";
        ProcessStartInfo start = new(
            Executable.Find("setsid"),
            [Executable.Find("nsenter"), $"--net={place.Network.FilePath}", "/bin/sh", "-c", script, program, Executable.Find(program), .. arguments]);
        start.Environment["TMPDIR"] = place.In("tmp");
        _process = Process.Start(start)!;

        long started = Stopwatch.GetTimestamp();
        while (!await answers())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > ReadyWithin)
            {
                string what = _process.HasExited ? $"ended with code {_process.ExitCode}" : $"does not answer after {ReadyWithin.TotalSeconds} s";
                throw new BedException($"{program} of {place.Name} {what}; its last words: {string.Join(" | ", File.ReadLines(Log).TakeLast(8))}");
            }

            await Task.Delay(10, cancellation);
        }
    }

    /// <summary>Sends a signal and returns when it has ended; nothing when it does not run.</summary>
    internal async Task StopAsync(int signal)
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _ = Signals.Send(_process.Id, signal);
                await _process.WaitForExitAsync();
            }

            _process.Dispose();
            _process = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();
}
