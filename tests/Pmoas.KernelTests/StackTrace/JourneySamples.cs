using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary>What one scrape said of StackTrace.</summary>
internal sealed partial class JourneySamples
{
    private const string Prefix = "pmoas_stack_trace_";

    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> _samples = [];

    private JourneySamples(string exposition)
    {
        foreach (Match match in SampleLine().Matches(exposition))
        {
            Dictionary<string, string> labels = LabelPair().Matches(match.Groups[2].Value).ToDictionary(pair => pair.Groups[1].Value, pair => pair.Groups[2].Value);
            _samples.Add((match.Groups[1].Value, labels, double.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture)));
        }
    }

    private JourneySamples(IEnumerable<(string Name, Dictionary<string, string> Labels, double Value)> samples) => _samples.AddRange(samples);

    /// <summary>Those of one pod.</summary>
    internal JourneySamples OfPod(string pod) => new(_samples.Where(sample => sample.Labels.GetValueOrDefault("pod") == pod));

    /// <summary>Scrapes once.</summary>
    internal static async Task<JourneySamples> ScrapeAsync(Watched watched)
    {
        watched.Node.Scrapes.Run();
        using MemoryStream text = new();
        await watched.Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        return new JourneySamples(Encoding.UTF8.GetString(text.ToArray()));
    }

    /// <summary>Sum of the samples of this name that have all of these labels, each given as <c>name=value</c>; 0 when there are none.</summary>
    internal double Sum(string name, params IReadOnlyList<string> labels) => Where(name, labels).Sum(sample => sample.Value);

    /// <summary>Each interval of a leg and direction: its ends, how often it was measured, and the seconds it took in all.</summary>
    internal IReadOnlyList<(string From, string To, double Count, double Seconds)> Intervals(string leg, string direction, string phase = "data")
    {
        string[] labels = [$"leg={leg}", $"direction={direction}", $"phase={phase}"];
        return
        [
            .. Where("interval_seconds_count", labels).Select(sample => (
                sample.Labels["from"], sample.Labels["to"], sample.Value,
                Sum("interval_seconds_sum", [.. labels, $"from={sample.Labels["from"]}", $"to={sample.Labels["to"]}"]))),
        ];
    }

    /// <summary>Journeys of a leg and direction that ended.</summary>
    internal double Journeys(string leg, string direction, string phase = "data") =>
        Sum("journey_seconds_count", $"leg={leg}", $"direction={direction}", $"phase={phase}");

    /// <summary>
    /// The intervals of a leg and direction are those from each of these stages to the next, so many of each, and no others besides the one that is named. A journey
    /// that TCP broke off by sending its byte again has none.
    /// </summary>
    internal void AssertChain(string leg, string direction, double count, IReadOnlyList<string> stages, (string From, string To) besides = default)
    {
        double whole = count - Sum("unfinished_total", $"leg={leg}", $"direction={direction}");
        Assert.Equal(
            stages.Zip(stages.Skip(1), (from, to) => $"{from} {to} {whole}").Order(StringComparer.Ordinal),
            Intervals(leg, direction).Where(i => (i.From, i.To) != besides).Select(i => $"{i.From} {i.To} {i.Count}").Order(StringComparer.Ordinal));
    }

    /// <summary>Every packet with payload was followed to its end, but for what TCP sent again, by the kernel's own count: in the pod or at its client.</summary>
    internal async Task AssertFollowedAsync(PodBed bed)
    {
        long again = await InNetns.SentAgainAsync(bed.PodNetns) + await InNetns.SentAgainAsync(bed.ClientNetns);
        Assert.True(
            Sum("retransmits_total") <= again && Sum("unfollowed_packets_total") <= again && Sum("unfinished_total") <= again && Sum("lost_total") == 0,
            $"TCP sent {again} again\n{this}");
    }

    /// <summary>All that is not 0, for a test that failed.</summary>
    public override string ToString() => string.Join("\n", _samples
        .Where(sample => sample.Value != 0 && !sample.Name.EndsWith("_bucket", StringComparison.Ordinal))
        .Select(sample => $"{sample.Name} {string.Join(' ', sample.Labels.Where(label => label.Key is not ("namespace" or "pod")).Select(label => label.Value))} {sample.Value}"));

    private IEnumerable<(string Name, Dictionary<string, string> Labels, double Value)> Where(string name, IReadOnlyList<string> labels) =>
        _samples.Where(sample => sample.Name == name && labels.All(label => label.Split('=') is [var key, var value] && sample.Labels.GetValueOrDefault(key) == value));

    [GeneratedRegex("^" + Prefix + @"([a-z_]+)(?:\{([^}]*)\})? ([^ \n]+)$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-z_]+)="([^"]*)"(?:,|$)""")]
    private static partial Regex LabelPair();
}
