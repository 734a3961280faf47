using System.Runtime.InteropServices;
using Pmoas.Host.Exposition;
using Pmoas.Host.Overview;

namespace Pmoas.Host.Web;

/// <summary>
/// What happened in the last seconds, for as many readers as there are: the node is read again only when the last look is older than
/// two seconds, and not at all while nobody asks. Thread-safe.
/// </summary>
internal sealed class LiveOverview(Scraper scraper, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan TooOld = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly long _begun = time.GetTimestamp();
    private NodeTotals? _last;
    private NodeOverview? _overview;

    /// <summary>The overview, at most two seconds old.</summary>
    /// <param name="stopping">The reader is gone.</param>
    /// <exception cref="TimeoutException">The node could not be read in time.</exception>
    internal async Task<NodeOverview> NowAsync(CancellationToken stopping)
    {
        await _gate.WaitAsync(stopping);
        try
        {
            TimeSpan age = _last is { } last ? Now - last.At : TimeSpan.MaxValue;
            if (_overview is not null && age < Fresh)
            {
                return _overview;
            }

            if (_last is null || age > TooOld)
            {
                _last = await ReadAsync();
                await Task.Delay(Least, time, stopping);
            }

            NodeTotals now = await ReadAsync();
            _overview = Comparison.Of(_last, now);
            _last = now;
            return _overview;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private TimeSpan Now => time.GetElapsedTime(_begun);

    private async Task<NodeTotals> ReadAsync()
    {
        ReadOnlyMemory<byte> text = await scraper.ScrapeAsync(openMetrics: false);
        TimeSpan at = Now;
        MemoryMarshal.TryGetArray(text, out ArraySegment<byte> bytes);
        using StreamReader reader = new(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false));
        return NodeTotals.Read(reader, at);
    }
}
