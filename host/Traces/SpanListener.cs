using System.Diagnostics;

namespace Pmoas.Host.Traces;

/// <summary>Asks for every span of one source: without a listener .NET makes none. What is sampled was sampled in the kernel.</summary>
internal sealed class SpanListener : IDisposable
{
    private readonly ActivityListener _listener;

    /// <summary>Listens to sources of this name.</summary>
    internal SpanListener(string source)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = other => other.Name == source,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
