using System.Diagnostics;

namespace Pmoas.Host.Demo;

/// <summary>Runs a program to its end, in a session of its own: Ctrl-C at the terminal is for the demo, which ends its programs itself.</summary>
internal static class Subprocess
{
    /// <summary>Runs it and returns what it wrote to stdout. Killed and reaped when cancelled.</summary>
    /// <exception cref="DemoException">It is not installed, or ended with another code than 0.</exception>
    internal static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(Executable.Find("setsid"), [Executable.Find(program), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        process.Start();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new DemoException($"`{string.Join(' ', process.StartInfo.ArgumentList.Skip(1))}` ended with code {process.ExitCode}: {(await error).Trim()}");
        }

        return await output;
    }
}
