using System.Diagnostics;

namespace Pmoas.Tests.Exposition;

/// <summary>Prometheus' own judge of what it is asked to scrape and to compute.</summary>
internal static class Promtool
{
    /// <summary>Runs promtool; the result is its exit code and all it said.</summary>
    internal static async Task<(int ExitCode, string Said)> RunAsync(string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("promtool", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
