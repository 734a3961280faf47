using System.ComponentModel;

namespace MyProbe;

/// <summary>The keys of <c>[plugins.my_probe]</c> in pmoas.toml: <c>SidecarsOnly</c> is <c>sidecars_only</c> there.</summary>
public sealed class ProbeOptions
{
    /// <summary>Count only what sidecars get.</summary>
    [Description("Count only what sidecars get.")]
    public bool SidecarsOnly { get; set; }
}
