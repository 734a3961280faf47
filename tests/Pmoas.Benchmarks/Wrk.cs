using System.Globalization;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;

namespace Pmoas.Benchmarks;

/// <summary>What one run of <c>wrk</c>, outside the pod and against its sidecar, reports.</summary>
internal sealed partial record Wrk(double Requests, double RequestsPerSecond)
{
    internal static async Task<Wrk> RunAsync(PodBed bed, int connections, int seconds, bool close = false)
    {
        string[] header = close ? ["-H", "Connection: close"] : [];
        string report = await Subprocess.RunAsync("nsenter",
            [$"--net={bed.ClientNetns.FilePath}", "wrk", "-t1", $"-c{connections}", $"-d{seconds}s", .. header, bed.SidecarUrl.AbsoluteUri], CancellationToken.None);
        return new Wrk(Number(Total(), report), Number(Rate(), report));
    }

    private static double Number(Regex line, string report) => double.Parse(line.Match(report).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Total();

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex Rate();
}
