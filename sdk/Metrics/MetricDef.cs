namespace Pmoas.Sdk.Metrics;

/// <summary>A label of a metric.</summary>
/// <param name="Name">Prometheus label name.</param>
/// <param name="Help">What its values are, one sentence.</param>
/// <param name="Values">For a label whose values are the positions of a C array: the text of each position. Empty otherwise.</param>
public sealed record Label(string Name, string Help, params IReadOnlyList<string> Values)
{
    /// <summary>The four labels every per-container metric starts with, in this order.</summary>
    public static IReadOnlyList<Label> Container { get; } =
    [
        new("namespace", "Kubernetes namespace of the pod."),
        new("pod", "Name of the pod."),
        new("container", "Name of the container."),
        new("role", "sidecar, service, init or ephemeral."),
    ];
}

/// <summary>How a metric is drawn on the generated dashboard.</summary>
public enum Panel
{
    /// <summary>Not on the dashboard.</summary>
    None,

    /// <summary>Rate per second over time, one line a series.</summary>
    Rate,

    /// <summary>The value over time, one line a series.</summary>
    Value,

    /// <summary>Quantiles 0.5, 0.9 and 0.99 over time, and a heat map.</summary>
    Quantiles,
}

/// <summary>A metric, declared once: registration, docs table and dashboard follow from it.</summary>
public abstract record MetricDef
{
    private protected MetricDef(string name, string help, IReadOnlyList<Label> labels) => (Name, Help, Labels) = (name, help, labels);

    /// <summary>Prometheus name: <c>pmoas_PLUGIN_WHAT_UNIT</c>, base units.</summary>
    public string Name { get; }

    /// <summary>One sentence, with a full stop.</summary>
    public string Help { get; }

    /// <summary>Labels in the order their values are given.</summary>
    public IReadOnlyList<Label> Labels { get; }

    /// <summary>
    /// The member of the exported map's C value struct that holds this metric. A counter or gauge is a <c>__u64</c> or an array of them
    /// (then the last label's <see cref="Label.Values"/> name the positions); a histogram is a <c>struct pmoas_histogram</c>.
    /// Null when the probe sets the metric itself.
    /// </summary>
    public string? Field { get; init; }

    /// <summary>What one kernel unit is in the metric's unit: 1e-9 for nanoseconds exported as seconds.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>How it is drawn.</summary>
    public abstract Panel Panel { get; init; }
}

/// <summary>A number that only grows; its name ends in <c>_total</c>.</summary>
public sealed record CounterDef(string Name, string Help, IReadOnlyList<Label> Labels) : MetricDef(Name, Help, Labels)
{
    /// <inheritdoc/>
    public override Panel Panel { get; init; } = Panel.Rate;
}

/// <summary>A number that goes up and down. From the kernel it is read as signed.</summary>
public sealed record GaugeDef(string Name, string Help, IReadOnlyList<Label> Labels) : MetricDef(Name, Help, Labels)
{
    /// <inheritdoc/>
    public override Panel Panel { get; init; } = Panel.Value;
}

/// <summary>A distribution over buckets whose bounds double, with an exact sum.</summary>
public sealed record HistogramDef(string Name, string Help, IReadOnlyList<Label> Labels) : MetricDef(Name, Help, Labels)
{
    /// <inheritdoc/>
    public override Panel Panel { get; init; } = Panel.Quantiles;

    /// <summary>Upper bounds in the metric's unit, ascending, without +Inf. The default fits <c>struct pmoas_histogram</c> of nanoseconds.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = Metrics.Buckets.Log2Nanoseconds;
}
