using Pmoas.Sdk.Live;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>Which events a person wants to see.</summary>
/// <param name="Stream">The word after <c>monitor</c>; null for all streams.</param>
/// <param name="Namespace">Only this namespace; null for all.</param>
/// <param name="Pod">Only this pod; null for all.</param>
/// <param name="Container">Only this container; null for all.</param>
/// <param name="IsLabelled">Only containers of pods with the wanted label; null for all.</param>
internal sealed record LiveFilter(
    string? Stream = null, string? Namespace = null, string? Pod = null, string? Container = null, Func<Container, bool>? IsLabelled = null)
{
    /// <summary>What an event itself has to be.</summary>
    public LiveConditions Conditions { get; init; } = LiveConditions.None;

    /// <summary>Whether a stream is wanted at all.</summary>
    public bool Wants(string stream) => Stream is null || Stream == stream;

    /// <summary>Whether events of this container are wanted. Null: a container nobody knows, wanted only when nothing is narrowed.</summary>
    public bool Wants(Container? container) =>
        (Namespace is null || container?.Namespace == Namespace)
        && (Pod is null || container?.Pod == Pod)
        && (Container is null || container?.Name == Container)
        && (IsLabelled is null || (container is not null && IsLabelled(container)));
}
