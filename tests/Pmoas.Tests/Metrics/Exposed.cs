using System.Text;
using Pmoas.Host.Exposition;

namespace Pmoas.Tests.Metrics;

/// <summary>What a scraper would see.</summary>
internal static class Exposed
{
    /// <summary>The lines of PMOAS' own series, without comments.</summary>
    internal static async Task<string[]> LinesAsync(Instruments instruments) =>
        [.. (await TextAsync(instruments)).Split('\n').Where(line => line.StartsWith("pmoas_", StringComparison.Ordinal))];

    /// <summary>The value of one series; null when it is not there.</summary>
    internal static async Task<string?> ValueAsync(Instruments instruments, string series) =>
        (await LinesAsync(instruments)).FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal))?[(series.Length + 1)..];

    internal static async Task<string> TextAsync(Instruments instruments)
    {
        using var text = new MemoryStream();
        await instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
