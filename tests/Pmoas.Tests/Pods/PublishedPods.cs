using System.Threading.Channels;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;

namespace Pmoas.Tests.Pods;

/// <summary>Takes what a source tells, for the test to read in order.</summary>
internal sealed class PublishedPods : ISourceOutlet
{
    private readonly Channel<IReadOnlyList<PodSpec>> _lists = Channel.CreateUnbounded<IReadOnlyList<PodSpec>>();
    private int _signs;

    /// <summary>How often the source said that it lives.</summary>
    public int Signs => Volatile.Read(ref _signs);

    public void Publish(IReadOnlyList<PodSpec> pods) => _lists.Writer.TryWrite(pods);

    public void Alive() => Interlocked.Increment(ref _signs);

    /// <summary>The next list.</summary>
    public Task<IReadOnlyList<PodSpec>> NextAsync() => NextAsync(_ => true);

    /// <summary>The next list that fits; those before are dropped. Fails after 10 s.</summary>
    public async Task<IReadOnlyList<PodSpec>> NextAsync(Func<IReadOnlyList<PodSpec>, bool> fits)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        while (true)
        {
            IReadOnlyList<PodSpec> list = await _lists.Reader.ReadAsync(limit.Token);
            if (fits(list))
            {
                return list;
            }
        }
    }
}
