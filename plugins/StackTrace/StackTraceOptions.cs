using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Pmoas.StackTrace;

/// <summary><c>[plugins.stack_trace]</c>.</summary>
public sealed class StackTraceOptions : IValidatableObject
{
    /// <summary>As many as fit into <c>struct stage_pairs</c>.</summary>
    internal const int MaxIntervals = 16;

    /// <summary>The stages that are on.</summary>
    [Description("The points where packets are looked at, by their names in the kernel: stages of the list in docs, and any other function of the kernel that has a packet (struct sk_buff) among its arguments, in its place. Each costs a little for every packet.")]
    public IReadOnlyList<string> Stages { get; set; } = StackTrace.Stages.Default;

    /// <summary>Intervals beside those between neighbours.</summary>
    [Description("Times to measure beside those from each stage to the next: \"net_dev_queue -> sk_data_ready\".")]
    public IReadOnlyList<string> Intervals { get; set; } = [];

    /// <summary>Whether netfilter is timed.</summary>
    [Description("Time the pod's netfilter: each of its hooks, each table of iptables and each base chain of nftables. Needs a kernel that lets functions be traced (fentry).")]
    public bool Netfilter { get; set; } = true;

    /// <summary>Whether routing is timed.</summary>
    [Description("Time each look-up in the pod's routing tables. Costs something for each of the whole node. Needs a kernel that lets functions be traced (fentry).")]
    public bool Routes { get; set; }

    /// <summary>Whether UDP is followed.</summary>
    [Description("Follow datagrams (UDP) too, to their receiver's queue: each costs some µs. Without it they are only counted where they are dropped.")]
    public bool Datagrams { get; set; }

    /// <summary>Journeys that are shown.</summary>
    [Description("Journeys of one pod, leg and direction that pmoas monitor stack shows in a second, a request's four through a sidecar and back side by side; counted are all.")]
    [Range(1, 1000)]
    public uint ShownPerSecond { get; set; } = 10;

    /// <summary>Journeys that become traces.</summary>
    [Description("Journeys of one pod that become traces in a second, evenly of its two legs and two directions, where [traces] names a collector. A request's four through a sidecar and back are one trace.")]
    [Range(1, 100000)]
    public uint TracedPerSecond { get; set; } = 10;

    /// <summary>Directions of connections that are followed at once.</summary>
    [Description("Connections that are followed at once, times two: each has two directions.")]
    [Range(1024, 1048576)]
    public uint MaxStreams { get; set; } = 32768;

    /// <summary>Pods whose journeys are kept at once.</summary>
    [Description("Pods whose numbers are kept at once.")]
    [Range(16, 16384)]
    public uint MaxPods { get; set; } = 1024;

    /// <summary>Containers whose numbers are kept at once; one that ended counts until its last numbers were read.</summary>
    [Description("Containers whose numbers are kept at once.")]
    [Range(16, 65536)]
    public uint MaxContainers { get; set; } = 4096;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string[] mistakes = [.. StagePath.Mistakes(Stages)];
        foreach (string mistake in mistakes)
        {
            yield return new ValidationResult(mistake, [nameof(Stages)]);
        }

        if (mistakes.Length > 0)
        {
            yield break;
        }

        StagePath path = StagePath.Of(Stages);

        if (Intervals.Count > MaxIntervals)
        {
            yield return new ValidationResult($"{Intervals.Count} intervals are more than the {MaxIntervals} that can be measured", [nameof(Intervals)]);
        }

        foreach (string text in Intervals)
        {
            if (StagePair.Mistake(text, path) is { } mistake)
            {
                yield return new ValidationResult(mistake, [nameof(Intervals)]);
            }
        }
    }
}
