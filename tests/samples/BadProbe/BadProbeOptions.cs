using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using Pmoas.Sdk.Metrics;

namespace BadProbe;

/// <summary><c>[plugins.bad_probe]</c>.</summary>
public sealed class BadProbeOptions
{
    /// <summary>Shown as <c>pmoas_bad_probe_level</c>.</summary>
    [Range(0, 100)]
    public int Level { get; set; }
}

/// <summary><c>struct bad_event</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BadEvent
{
    /// <summary>Nanoseconds since boot.</summary>
    public readonly ulong Time;

    /// <summary>TCP state before.</summary>
    public readonly uint OldState;

    /// <summary>TCP state after.</summary>
    public readonly uint NewState;
}

internal static class BadProbeMetrics
{
    public static readonly CounterDef Transitions = new("pmoas_bad_probe_transitions_total", "TCP state changes.", []);

    public static readonly CounterDef Events = new("pmoas_bad_probe_established_total", "Events of a connection becoming established.", []);

    public static readonly GaugeDef Level = new("pmoas_bad_probe_level", "The option level.", []);
}
