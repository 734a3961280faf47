namespace Pmoas.Host.Pods.Sources;

/// <summary>A place pods are learned from.</summary>
internal interface IPodSource
{
    /// <summary>Name in <c>[sources.NAME]</c> and in metrics.</summary>
    string Name { get; }

    /// <summary>Where it asks: a URL, the path of a socket, a directory.</summary>
    string Endpoint { get; }

    /// <summary>What answers there, such as <c>containerd 1.6.20</c>; empty while that is not known. From any thread.</summary>
    string About => "";

    /// <summary>True when what it asks runs on this node, so that a container that comes or goes is a sign that it is there again.</summary>
    bool IsOnThisNode => false;

    /// <summary>
    /// Publishes the whole list of pods it knows, whenever that changes, until cancelled. Ends with a <see cref="SourceException"/> when it
    /// cannot go on; it is then called again, after a pause.
    /// </summary>
    Task RunAsync(ISourceOutlet outlet, CancellationToken stopping);

    /// <summary>
    /// A container's cgroup was just made or removed: a source that asks from time to time asks soon. From any thread; returns at once.
    /// </summary>
    void Nudge()
    {
    }
}

/// <summary>What a source tells. Thread-safe.</summary>
internal interface ISourceOutlet
{
    /// <summary>The whole list of pods the source knows, in place of the one before.</summary>
    void Publish(IReadOnlyList<PodSpec> pods);

    /// <summary>Nothing has changed, and the source was heard from just now.</summary>
    void Alive();
}

/// <summary>Why a source cannot tell pods now: a sentence that ends with the cure.</summary>
internal sealed class SourceException : Exception
{
    /// <summary>A fault with its cause.</summary>
    public SourceException(string message, Exception? cause = null) : base(message, cause)
    {
    }

    /// <summary>How long to wait before it is asked again, when it said so itself.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
