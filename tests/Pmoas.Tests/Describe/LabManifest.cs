using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Pmoas.Sdk;
using Pmoas.Sdk.Metrics;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Describe;

/// <summary>A manifest with every kind of metric and of option.</summary>
internal static class LabManifest
{
    internal static ProbeManifest Manifest { get; } = new()
    {
        Name = "lab",
        Summary = "Measures the laboratory.",
        Options = typeof(LabOptions),
        Metrics =
        [
            .. KernelEntry.Defs,
            new CounterDef("pmoas_lab_sent_bytes_total", "Bytes sent.", Label.Container) { Field = "sent" },
            new CounterDef("pmoas_lab_unpaired_total", "Pairs not made.", [new Label("reason", "Why.", "late|early", "twice")]) { Field = "unpaired" },
            new GaugeDef("pmoas_lab_memory_bytes", "Memory.", []),
            new GaugeDef("pmoas_lab_hidden_info", "Always 1.", []) { Panel = Panel.None },
        ],
    };
}

/// <summary><c>[plugins.lab]</c>.</summary>
public sealed class LabOptions
{
    /// <summary>How eager it is.</summary>
    public enum Zeal
    {
        Low,
        VeryHigh,
    }

    /// <summary>
    /// Watch only this <c>port</c>; 0 watches all.
    /// Goes with <see cref="Floor"/>.
    /// </summary>
    [Range(0, 65535)]
    public int OnlyPort { get; set; }

    /// <summary>Shorter times are not reported.</summary>
    public TimeSpan Floor { get; set; } = TimeSpan.FromMicroseconds(50);

    [Description("Told by an attribute.")]
    public string Greeting { get; set; } = "say \"hi\"";

    /// <summary>Share of events that are kept.</summary>
    public double Share { get; set; } = 1;

    /// <summary>How hard to try.</summary>
    public Zeal Effort { get; set; } = Zeal.VeryHigh;

    /// <summary>Interfaces that are left alone, of which there may be very many, so that this sentence has to go on in a second line.</summary>
    public IReadOnlyList<string> Skip { get; set; } = ["lo", "docker0"];

    /// <summary>How many at most.</summary>
    public int? Limit { get; set; }

    /// <summary>What is written where.</summary>
    public LabOutput Output { get; set; } = new();

    /// <summary>Cannot be set.</summary>
    public string Fixed { get; } = "";
}

/// <summary><c>[plugins.lab.output]</c>.</summary>
public sealed class LabOutput
{
    /// <summary>Whether at all.</summary>
    public bool Enabled { get; set; }
}
