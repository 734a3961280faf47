using System.Globalization;
using System.Text;
using Pmoas.Host.Overview;

namespace Pmoas.Tests.Overview;

/// <summary>The text of a scrape, line by line.</summary>
internal sealed class Scraped
{
    private readonly StringBuilder _text = new("# TYPE pmoas_accept_accepted_total counter\npmoas_ring_dropped_total{plugin=\"x\"} 9\n");

    /// <summary>A value of a container.</summary>
    internal Scraped Value(string metric, string pod, string container, string role, double value, string more = "") =>
        Line($"{metric}{{namespace=\"shop\",pod=\"{pod}\",container=\"{container}\",role=\"{role}\"{more}}} {Number(value)}");

    /// <summary>A histogram of a container with values up to 1 µs, 2 µs, 4 µs and above.</summary>
    internal Scraped Times(string metric, string pod, string container, string role, double sum, params double[] cumulative) =>
        Times(metric, $"namespace=\"shop\",pod=\"{pod}\",container=\"{container}\",role=\"{role}\"", sum, cumulative);

    /// <summary>An interval between two stages.</summary>
    internal Scraped Interval(string pod, string leg, string from, string to, double sum, params double[] cumulative) => Times(
        OverviewMetrics.Interval, $"namespace=\"shop\",pod=\"{pod}\",leg=\"{leg}\",direction=\"request\",phase=\"data\",from=\"{from}\",to=\"{to}\"", sum, cumulative);

    internal Scraped Times(string metric, string labels, double sum, params double[] cumulative)
    {
        string[] bounds = ["1e-06", "2e-06", "4e-06", "+Inf"];
        for (int i = 0; i < bounds.Length; i++)
        {
            Line($"{metric}_bucket{{{labels},le=\"{bounds[i]}\"}} {Number(cumulative[i])}");
        }

        return Line($"{metric}_sum{{{labels}}} {Number(sum)}").Line($"{metric}_count{{{labels}}} {Number(cumulative[^1])}");
    }

    internal Scraped Line(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    internal NodeTotals At(double seconds)
    {
        using StringReader reader = new(_text.ToString());
        return NodeTotals.Read(reader, TimeSpan.FromSeconds(seconds));
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
