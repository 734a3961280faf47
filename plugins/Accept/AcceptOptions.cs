using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Pmoas.Accept;

/// <summary><c>[plugins.accept]</c>.</summary>
public sealed class AcceptOptions
{
    /// <summary>Whether requests are followed through the sidecar.</summary>
    [Description("Follow requests through the sidecar: one look at each read and write of a sidecar's socket. Without it there is no forward histogram and no count of reused connections.")]
    public bool Requests { get; set; } = true;

    /// <summary>Containers whose numbers are kept at once; one that ended counts until its last numbers were read.</summary>
    [Description("Containers whose numbers are kept at once.")]
    [Range(16, 65536)]
    public uint MaxContainers { get; set; } = 4096;

    /// <summary>Connections that wait to be accepted at once, over all watched containers.</summary>
    [Description("Connections that wait to be accepted at once, over all watched containers.")]
    [Range(1024, 1048576)]
    public uint MaxUnaccepted { get; set; } = 32768;
}
