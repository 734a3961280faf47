using System.Globalization;
using System.Text;

namespace Pmoas.Host.Demo;

/// <summary>One line of a scrape.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>A histogram's cumulative buckets, as scraped; values in the metric's unit.</summary>
/// <param name="Count">Observations.</param>
/// <param name="Sum">Sum of them.</param>
/// <param name="Buckets">Upper bound and cumulative count, ascending; the last bound is infinity.</param>
internal sealed record ScrapedHistogram(double Count, double Sum, IReadOnlyList<(double Bound, double Count)> Buckets)
{
    /// <summary>The value below which a share of all observations lies, interpolated within its bucket as Prometheus does; NaN when there are none.</summary>
    internal double Quantile(double share)
    {
        if (Count == 0)
        {
            return double.NaN;
        }

        double rank = share * Count;
        (double Bound, double Count) below = (0, 0);
        foreach ((double Bound, double Count) bucket in Buckets)
        {
            if (bucket.Count >= rank && bucket.Count > below.Count)
            {
                // Above the last finite bound nothing is known but that bound.
                return double.IsPositiveInfinity(bucket.Bound)
                    ? below.Bound
                    : below.Bound + ((bucket.Bound - below.Bound) * (rank - below.Count) / (bucket.Count - below.Count));
            }

            below = bucket;
        }

        return below.Bound;
    }
}

/// <summary>The samples of one scrape of a Prometheus text exposition.</summary>
internal sealed record Scrape(IReadOnlyList<Sample> Samples)
{
    /// <summary>Reads text format 0.0.4; timestamps and exemplars are passed over.</summary>
    /// <exception cref="FormatException">A line is no sample.</exception>
    internal static Scrape Parse(string text) =>
        new([.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(ParseLine)]);

    /// <summary>Samples of this name that carry all these labels.</summary>
    internal IEnumerable<Sample> Find(string name, params IEnumerable<(string Name, string Value)> labels) =>
        Samples.Where(sample => sample.Name == name
            && labels.All(label => sample.Labels.TryGetValue(label.Name, out string? value) && value == label.Value));

    /// <summary>Sum of the samples of this name that carry all these labels; 0 when there are none.</summary>
    internal double Sum(string name, params IEnumerable<(string Name, string Value)> labels) => Find(name, labels).Sum(sample => sample.Value);

    /// <summary>The histogram of this name over all series that carry these labels.</summary>
    internal ScrapedHistogram Histogram(string name, params IEnumerable<(string Name, string Value)> labels) => new(
        Sum($"{name}_count", labels),
        Sum($"{name}_sum", labels),
        [
            .. Find($"{name}_bucket", labels).GroupBy(sample => Number(sample.Labels["le"])).OrderBy(bucket => bucket.Key)
                .Select(bucket => (bucket.Key, bucket.Sum(sample => sample.Value))),
        ]);

    private static Sample ParseLine(string line)
    {
        int nameEnd = line.IndexOfAny(['{', ' ']);
        if (nameEnd <= 0)
        {
            throw new FormatException($"Not a sample: {line}");
        }

        Dictionary<string, string> labels = [];
        int at = nameEnd;
        if (line[at] == '{')
        {
            at++;
            while (line[at] != '}')
            {
                at = ParseLabel(line, at, labels);
            }

            at++;
        }

        return new Sample(line[..nameEnd], labels, Number(line[at..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
    }

    /// <summary>Reads <c>name="value"</c> with its escapes and a comma that may follow; returns where the next thing begins.</summary>
    private static int ParseLabel(string line, int at, Dictionary<string, string> labels)
    {
        int equals = line.IndexOf('=', at);
        StringBuilder value = new();
        int i = equals + 2;
        for (; line[i] != '"'; i++)
        {
            if (line[i] != '\\')
            {
                value.Append(line[i]);
                continue;
            }

            i++;
            value.Append(line[i] == 'n' ? '\n' : line[i]);
        }

        labels[line[at..equals].Trim()] = value.ToString();
        i++;
        return line[i] == ',' ? i + 1 : i;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
