using System.ComponentModel.DataAnnotations;
using Pmoas.Host.Pods;

namespace Pmoas.Host.Config;

/// <summary><c>pmoas.toml</c> as a whole.</summary>
internal sealed class PmoasOptions
{
    /// <summary><c>[http]</c>.</summary>
    public HttpOptions Http { get; set; } = new();

    /// <summary><c>[log]</c>.</summary>
    public LogOptions Log { get; set; } = new();

    /// <summary><c>[daemon]</c>.</summary>
    public DaemonOptions Daemon { get; set; } = new();

    /// <summary>Also apply the shipped rules, after the rules of the file. Without rules in the file they apply anyway.</summary>
    public bool SidecarDefaults { get; set; }

    /// <summary><c>[[sidecars]]</c> as written; what applies is <see cref="SidecarRules"/>.</summary>
    public IReadOnlyList<SidecarRule> Sidecars { get; set; } = [];

    /// <summary><c>[pods]</c>.</summary>
    public PodsOptions Pods { get; set; } = new();

    /// <summary><c>[sources]</c>.</summary>
    public SourcesOptions Sources { get; set; } = new();

    /// <summary><c>[traces]</c>.</summary>
    public TracesOptions Traces { get; set; } = new();

    /// <summary><c>[plugins.NAME]</c> as written; use <see cref="PluginTables"/>.</summary>
    public IReadOnlyDictionary<string, TomlSection> Plugins { get; set; } = new Dictionary<string, TomlSection>();

    /// <summary>The rules that apply, in order, each knowing what to call itself.</summary>
    public IReadOnlyList<SidecarRule> SidecarRules { get; internal set; } = ShippedRules.All;

    /// <summary>The plugins' tables, to be bound once the plugins are known.</summary>
    public PluginTables PluginTables { get; internal set; } = PluginTables.None;
}

/// <summary><c>[log]</c>.</summary>
internal sealed class LogOptions
{
    /// <summary>The least severe messages that are written.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;
}

/// <summary><c>[daemon]</c>.</summary>
internal sealed class DaemonOptions
{
    /// <summary>Let the kernel count runs and run time of every BPF program on the machine; costs some ns a run.</summary>
    public bool BpfStatistics { get; set; }

    /// <summary>How long the last numbers of a container that ended stay readable: at least the scrape interval.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ContainerLinger { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>[pods]</c>: which pods are watched, and how long a name is waited for.</summary>
internal sealed class PodsOptions : IValidatableObject
{
    /// <summary>Globs of the namespaces that are watched; empty watches all.</summary>
    public IReadOnlyList<string> IncludeNamespaces { get; set; } = [];

    /// <summary>Globs of the namespaces that are never watched.</summary>
    public IReadOnlyList<string> ExcludeNamespaces { get; set; } = [];

    /// <summary>How long a container, counted from its first moment, may wait for a source to name it before it is shown under its id.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan NamingTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string key, IReadOnlyList<string> globs) in new[] { (nameof(IncludeNamespaces), IncludeNamespaces), (nameof(ExcludeNamespaces), ExcludeNamespaces) })
        {
            if (globs.Any(string.IsNullOrWhiteSpace))
            {
                yield return new ValidationResult("\"\" is no namespace; write a glob such as \"team-*\", or leave it out", [key]);
            }
        }
    }
}
