using System.Net;

namespace Pmoas.Sdk.Live;

/// <summary>
/// What a person wants to see of a stream. The host shows nothing else; a probe that samples in the kernel looks at it there, so that it samples of what
/// is wanted.
/// </summary>
public sealed class LiveConditions
{
    /// <summary>Everything is wanted.</summary>
    public static LiveConditions None { get; } = new();

    /// <summary>One of the event's ends has this address; null for any.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>One of its ends has this port; 0 for any.</summary>
    public int Port { get; init; }

    /// <summary>Its field <c>phase</c> is this; null for any, or none.</summary>
    public string? Phase { get; init; }

    /// <summary>Besides, the kernel's call stack at the step of this name is wanted, of a probe that has steps; null for none.</summary>
    public string? StackAt { get; init; }

    /// <summary>One of its durations is at least this.</summary>
    public TimeSpan MinDuration { get; init; }
}
