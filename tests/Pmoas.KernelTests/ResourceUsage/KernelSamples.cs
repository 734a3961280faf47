using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>What one scrape said of ResourceUsage.</summary>
internal sealed partial class KernelSamples
{
    private const string Prefix = "pmoas_resource_usage_";

    private readonly Dictionary<string, double> _values = [];

    private KernelSamples(string exposition)
    {
        foreach (Match match in SampleLine().Matches(exposition))
        {
            _values[match.Groups[1].Value] = double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Scrapes once.</summary>
    internal static async Task<KernelSamples> ScrapeAsync(Watched watched)
    {
        watched.Node.Scrapes.Run();
        using MemoryStream text = new();
        await watched.Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        return new KernelSamples(Encoding.UTF8.GetString(text.ToArray()));
    }

    /// <summary>A sample of the service, with one more label if given as <c>name="value"</c>.</summary>
    internal double Service(string name, string label = "") => Of(name, PodBed.ServiceName, "service", label);

    /// <summary>A sample of the sidecar.</summary>
    internal double Sidecar(string name, string label = "") => Of(name, PodBed.SidecarName, "sidecar", label);

    /// <summary>A sample of any container.</summary>
    internal double Of(string name, string container, string role, string label)
    {
        string wanted = $"container=\"{container}\",role=\"{role}\"{(label.Length > 0 ? "," + label : "")}}}";
        return _values.Where(v => v.Key.StartsWith($"{Prefix}{name}{{", StringComparison.Ordinal) && v.Key.EndsWith(wanted, StringComparison.Ordinal))
            .Select(v => v.Value).DefaultIfEmpty(double.NaN).Single();
    }

    /// <summary>Sum over all series of a name.</summary>
    internal double Everywhere(string name) => _values.Where(v => v.Key.StartsWith($"{Prefix}{name}{{", StringComparison.Ordinal)).Sum(v => v.Value);

    /// <summary>True when there is any series of that name.</summary>
    internal bool Has(string name) => _values.Keys.Any(key => key.StartsWith($"{Prefix}{name}{{", StringComparison.Ordinal));

    /// <summary>All that is not 0, for a test that failed.</summary>
    public override string ToString() => string.Join("; ", _values
        .Where(v => v.Value != 0 && v.Key.StartsWith(Prefix, StringComparison.Ordinal) && !v.Key.Contains("_bucket", StringComparison.Ordinal))
        .Select(v => $"{v.Key[Prefix.Length..]} {v.Value}"));

    [GeneratedRegex(@"^([a-z_]+(?:\{[^}]*\})?) ([^ \n]+)$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();
}
