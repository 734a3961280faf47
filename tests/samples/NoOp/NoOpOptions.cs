using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace NoOp;

/// <summary><c>[plugins.no_op]</c>.</summary>
public sealed class NoOpOptions
{
    /// <summary>Count only changes into this TCP state, by the kernel's number (1 is ESTABLISHED); 0 counts all.</summary>
    [Description("Count only changes into this TCP state, by the kernel's number (1 is ESTABLISHED); 0 counts all.")]
    [Range(0, 12)]
    public int OnlyState { get; set; }
}
