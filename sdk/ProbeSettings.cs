using Pmoas.Sdk.Live;

namespace Pmoas.Sdk;

/// <summary>The probe's options, bound and validated by the host from <c>[plugins.NAME]</c> of <c>pmoas.toml</c>.</summary>
/// <param name="options">An instance of <see cref="ProbeManifest.Options"/>, or null when the manifest names no type.</param>
/// <param name="live">True when events are wanted from the start, as in <c>pmoas monitor</c>.</param>
/// <param name="traced">True when a collector takes traces.</param>
/// <param name="conditions">What is wanted of the events; null for everything.</param>
public sealed class ProbeSettings(object? options, bool live, bool traced = false, LiveConditions? conditions = null)
{
    /// <summary>True when somebody watches the events (<c>pmoas monitor</c>); false in the daemon, where only aggregates are wanted.</summary>
    public bool Live { get; } = live;

    /// <summary>Which events somebody wants to see. A probe need not look at it; what it reports in vain is not shown.</summary>
    public LiveConditions Conditions { get; } = conditions ?? LiveConditions.None;

    /// <summary>True when the configuration names a collector that takes traces; never together with <see cref="Live"/>.</summary>
    public bool Traced { get; } = traced;

    /// <summary>The options object.</summary>
    /// <exception cref="InvalidOperationException">The manifest names another type, or none.</exception>
    public T Get<T>() where T : class =>
        options as T ?? throw new InvalidOperationException(
            $"the manifest's Options is {options?.GetType().Name ?? "null"}, not {typeof(T).Name}");
}
