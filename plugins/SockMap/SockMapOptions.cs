using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Pmoas.SockMap;

/// <summary><c>[plugins.sock_map]</c>.</summary>
public sealed class SockMapOptions
{
    /// <summary>Whether sockets are redirected.</summary>
    [Description("\"off\"; \"self_test\": try what redirection does on this kernel, tell, and redirect nothing; \"on\": redirect, if the self-test allows it.")]
    [AllowedValues("off", "self_test", "on")]
    public string Mode { get; set; } = "off";

    /// <summary>Which connections.</summary>
    [Description("\"inside_leg\": between the sidecar and the service of a pod; \"node\": between any two containers of this node; \"all_local\": whatever stays on this machine.")]
    [AllowedValues("inside_leg", "node", "all_local")]
    public string Scope { get; set; } = "inside_leg";

    /// <summary>Namespaces that are accelerated.</summary>
    [Description("Only pods of these namespaces; globs such as \"team-*\". Empty: all.")]
    public IReadOnlyList<string> IncludeNamespaces { get; set; } = [];

    /// <summary>Namespaces that are not.</summary>
    [Description("Never pods of these namespaces.")]
    public IReadOnlyList<string> ExcludeNamespaces { get; set; } = [];

    /// <summary>Pods that are accelerated.</summary>
    [Description("Only these pods, by name; a workload's pods share the beginning of their names: \"cart-*\". Empty: all.")]
    public IReadOnlyList<string> IncludePods { get; set; } = [];

    /// <summary>Pods that are not.</summary>
    [Description("Never these pods.")]
    public IReadOnlyList<string> ExcludePods { get; set; } = [];

    /// <summary>Ports that are accelerated.</summary>
    [Description("Only services that listen at these ports. Empty: all.")]
    public IReadOnlyList<ushort> IncludePorts { get; set; } = [];

    /// <summary>Ports that are not.</summary>
    [Description("Never services at these ports. Name here who uses splice(2), such as a Go proxy that copies between two sockets.")]
    public IReadOnlyList<ushort> ExcludePorts { get; set; } = [];

    /// <summary>Memory that what waits to be read of one direction may take, bytes.</summary>
    [Description("Memory that what waits to be read of a connection's direction may take, 1 KiB for each message beside its bytes; what is beyond goes by TCP, which stops the writer.")]
    [Range(65536, 1073741824)]
    public uint MaxInFlightBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Share of new connections that stay on TCP, to compare with; percent.</summary>
    [Description("Of 100 new connections, so many stay on TCP to compare with. 0: no comparison, and no rollback.")]
    [Range(0, 100)]
    public uint ControlPercent { get; set; } = 5;

    /// <summary>How long acceleration may be worse before it is undone.</summary>
    [Description("A container whose accelerated connections are slower than its others, or fail more often, for this long is left alone from then on.")]
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RollbackAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How much slower counts as worse.</summary>
    [Description("Slower means: a turn takes more than so many times as long as on TCP, on average. Below 1: it must be so much faster to stay.")]
    [Range(0.1, 10.0)]
    public double RollbackRatio { get; set; } = 1.1;

    /// <summary>Turns of each group below which nothing is concluded.</summary>
    [Description("Turns of each group that it takes to compare them.")]
    [Range(10, 1000000)]
    public uint RollbackTurns { get; set; } = 200;

    /// <summary>Containers whose numbers are kept at once; one that ended counts until its last numbers were read.</summary>
    [Description("Containers whose numbers are kept at once.")]
    [Range(16, 65536)]
    public uint MaxContainers { get; set; } = 4096;
}
