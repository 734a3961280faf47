using System.Diagnostics;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Exposition;

/// <summary>Makes the text of all metrics: reads what is to be read, then writes it. Scrapes run one after the other. Thread-safe.</summary>
/// <param name="cycle">What is read before each exposition.</param>
/// <param name="instruments">What is exposed.</param>
/// <param name="self">The daemon's own metrics.</param>
/// <param name="plugins">The plugins' facts now; called by one scrape at a time.</param>
/// <param name="containers">The containers of this node.</param>
/// <param name="pods">How pods are known; called by one scrape at a time.</param>
/// <param name="timeLimit">How long a caller waits; Prometheus itself gives up after 10 s unless told otherwise.</param>
internal sealed class Scraper(
    ScrapeCycle cycle,
    Instruments instruments,
    SelfMetrics self,
    Func<IReadOnlyList<PluginFacts>> plugins,
    IContainerIndex containers,
    Func<PodFacts> pods,
    TimeSpan timeLimit) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private int _lastLength;

    /// <summary>Makes the text.</summary>
    /// <param name="openMetrics">OpenMetrics, else the Prometheus text format.</param>
    /// <exception cref="TimeoutException">It took longer than the time limit; the message names the plugin that was being read.</exception>
    internal async Task<ReadOnlyMemory<byte>> ScrapeAsync(bool openMetrics)
    {
        try
        {
            // The work goes on when the caller has given up: a table read half would be read wrong the next time.
            return await Task.Run(() => WriteAsync(openMetrics)).WaitAsync(timeLimit);
        }
        catch (TimeoutException)
        {
            string where = cycle.Collecting is { } plugin ? $"; plugin {plugin} is being read" : "";
            throw new TimeoutException($"no metrics within {timeLimit.TotalSeconds:0.###} s{where}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task<ReadOnlyMemory<byte>> WriteAsync(bool openMetrics)
    {
        if (!await _gate.WaitAsync(timeLimit))
        {
            throw new TimeoutException();
        }

        try
        {
            long start = Stopwatch.GetTimestamp();
            cycle.Run();
            self.Update(plugins(), containers);
            self.Update(pods());
            // Not kept: on a full node the text is tens of megabytes, needed for milliseconds. An eighth more than last time seldom grows.
            MemoryStream text = new(_lastLength + (_lastLength / 8));
            await instruments.WriteAsync(text, openMetrics, CancellationToken.None);
            self.ScrapeTook(Stopwatch.GetElapsedTime(start));
            _lastLength = (int)text.Length;
            return text.GetBuffer().AsMemory(0, _lastLength);
        }
        finally
        {
            _gate.Release();
        }
    }
}
