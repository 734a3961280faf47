using System.Globalization;
using System.Text.RegularExpressions;

namespace Pmoas.Host.Demo;

/// <summary>What Apache's <c>ab</c> did and saw, as it reports it.</summary>
/// <remarks>
/// <c>ab</c> counts a connection once it is established, so with a concurrency of c it may open up to c - 1 more at the end and drop them
/// unused and unreported. Where connections must be exact, use a concurrency of 1 or <see cref="ExactClient"/>.
/// </remarks>
/// <param name="Complete">Requests answered.</param>
/// <param name="Failed">Requests not answered, or answered with another length than the first.</param>
/// <param name="Non2xx">Requests answered with another status than 2xx.</param>
/// <param name="KeepAlive">Responses after which the connection stayed open.</param>
/// <param name="TransferredBytes">Bytes of all responses, headers and bodies.</param>
/// <param name="BodyBytes">Bytes of all bodies.</param>
/// <param name="RequestsPerSecond">Mean over the run.</param>
/// <param name="Duration">Of the whole run; <c>ab</c> reports milliseconds.</param>
/// <param name="P50">Half of the requests took no longer; <c>ab</c> measures microseconds, connect included.</param>
/// <param name="P95">95 % took no longer.</param>
/// <param name="P99">99 % took no longer.</param>
/// <param name="Max">The slowest.</param>
internal sealed partial record Load(
    int Complete,
    int Failed,
    int Non2xx,
    int KeepAlive,
    long TransferredBytes,
    long BodyBytes,
    double RequestsPerSecond,
    TimeSpan Duration,
    TimeSpan P50,
    TimeSpan P95,
    TimeSpan P99,
    TimeSpan Max)
{
    private static int s_runs;

    /// <summary>Sends load from outside the pod through its sidecar.</summary>
    internal static Task<Load> RunAsync(PodBed bed, int requests, int concurrency, bool keepAlive, CancellationToken cancellation = default) =>
        RunAsync(bed, bed.SidecarUrl, requests, concurrency, keepAlive, cancellation);

    /// <summary>Sends load from outside the pod to any address in it.</summary>
    /// <exception cref="DemoException"><c>ab</c> is missing or gave up.</exception>
    internal static async Task<Load> RunAsync(
        PodBed bed, Uri url, int requests, int concurrency, bool keepAlive, CancellationToken cancellation = default)
    {
        // The text report rounds latency to milliseconds; the CSV does not.
        string percentiles = Path.Combine(bed.Plan.Directory, $"ab-{Interlocked.Increment(ref s_runs)}.csv");
        string[] arguments =
        [
            $"--net={bed.ClientNetns.FilePath}", Executable.Find("ab"), "-q",
            "-n", requests.ToString(CultureInfo.InvariantCulture), "-c", Math.Min(concurrency, requests).ToString(CultureInfo.InvariantCulture),
            "-e", percentiles, .. keepAlive ? (string[])["-k"] : [], url.AbsoluteUri,
        ];
        string report = await Subprocess.RunAsync("nsenter", arguments, cancellation);
        Load load = Parse(report, await File.ReadAllLinesAsync(percentiles, cancellation));
        File.Delete(percentiles);
        return load;
    }

    /// <summary>Reads <c>ab</c>'s report and its CSV of percentiles (<c>percent,milliseconds</c>).</summary>
    internal static Load Parse(string report, IEnumerable<string> percentiles)
    {
        Dictionary<string, double> lines = [];
        foreach (Match match in ReportLine().Matches(report))
        {
            lines.TryAdd(match.Groups[1].Value, double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
        }

        Dictionary<string, double> milliseconds = percentiles.Skip(1).Select(line => line.Split(','))
            .ToDictionary(fields => fields[0], fields => double.Parse(fields[1], CultureInfo.InvariantCulture));
        TimeSpan At(string percent) => TimeSpan.FromMicroseconds(milliseconds.GetValueOrDefault(percent) * 1000);
        return new Load(
            (int)lines["Complete requests"],
            (int)lines["Failed requests"],
            (int)lines.GetValueOrDefault("Non-2xx responses"),
            (int)lines.GetValueOrDefault("Keep-Alive requests"),
            (long)lines["Total transferred"],
            (long)lines["HTML transferred"],
            lines["Requests per second"],
            TimeSpan.FromSeconds(lines["Time taken for tests"]),
            At("50"),
            At("95"),
            At("99"),
            At("100"));
    }

    [GeneratedRegex(@"^([A-Z][\w -]+):\s+([0-9]+(?:\.[0-9]+)?)(?=\s|$)", RegexOptions.Multiline)]
    private static partial Regex ReportLine();
}
