using Pmoas.Host.Config;
using Pmoas.Host.Plugins;

namespace Pmoas.Host.Daemon;

/// <summary>What the user set up: the configuration, bound to the end, and the plugins it enables.</summary>
/// <param name="File">The configuration file.</param>
/// <param name="Options">Its content.</param>
/// <param name="Catalog">The plugins there are.</param>
/// <param name="Kubeconfig">The kubeconfig named on the command line, which the configuration's gives way to; null when none is.</param>
internal sealed record Setup(string File, PmoasOptions Options, PluginCatalog Catalog, string? Kubeconfig = null)
{
    /// <summary>Reads the configuration and judges it against the plugins. Mistakes of the user are in the result, never thrown.</summary>
    public static (Setup? Setup, IReadOnlyList<ConfigError> Errors) Load(string file, string plugins, string? kubeconfig = null)
    {
        ConfigResult read = ConfigFile.Load(file);
        PluginCatalog catalog = new(plugins);
        ConfigError[] errors = [.. read.Errors.Concat(Judge(catalog, read.PluginTables)).OrderBy(error => error.At.Line).ThenBy(error => error.At.Column)];
        return (errors.Length == 0 ? new Setup(file, read.Options!, catalog, kubeconfig) : null, errors);
    }

    /// <summary>Every mistake in the plugins' tables: unknown plugins, and options that do not fit those that are enabled.</summary>
    public IEnumerable<ConfigError> Judge(PmoasOptions options) => Judge(Catalog, options.PluginTables);

    /// <summary>
    /// Mistakes in the tables of plugins that are switched off: they would be refused when they are switched on. Reads those plugins, which running does not.
    /// </summary>
    public IEnumerable<ConfigError> JudgeSwitchedOff() => Judge(Catalog, Options.PluginTables, enabled: false);

    /// <summary>
    /// The plugins that shall run. One that could not be imported is among them, with default options: that it does not run is the
    /// plugin's fault, and told as such.
    /// </summary>
    public IReadOnlyDictionary<string, EnabledPlugin> Enabled(PmoasOptions options) => Catalog.Entries
        .Where(entry => options.PluginTables.IsEnabled(entry.Found.Name))
        .ToDictionary(entry => entry.Found.Name, entry => new EnabledPlugin(
            entry.TryImport() is { } plugin ? options.PluginTables.Bind(plugin.Name, plugin.Manifest.Options).Options : null,
            options.PluginTables.All[entry.Found.Name].Section.ToString()));

    /// <summary>Why nothing will be measured with this, each reason a sentence with its cure; empty when something will.</summary>
    public IEnumerable<string> WhyIdle(PmoasOptions options)
    {
        if (Catalog.Entries.Count == 0)
        {
            yield return PluginFolder.WhyEmpty(Catalog.Directory);
        }
        else if (!Catalog.Names.Any(options.PluginTables.IsEnabled))
        {
            yield return $"no plugin is enabled: write [plugins.NAME] into {File}; there is: {string.Join(", ", Catalog.Names)}.";
        }

        SourcesOptions sources = Sources(options);
        if (sources.Static.Pods.Count == 0 && !sources.Cgroupfs.Enabled && (sources.Kubernetes.Enabled, sources.Cri.Enabled, sources.Docker.Enabled) == (false, false, false))
        {
            yield return $"every source of pods is switched off in {File}: write [[sources.static.pods]], or take enabled = false away from one of [sources].";
        }
    }

    /// <summary>Where pods are learned from, the command line's word included.</summary>
    public SourcesOptions Sources(PmoasOptions options)
    {
        SourcesOptions given = options.Sources;
        return Kubeconfig is null ? given : new SourcesOptions
        {
            Static = given.Static,
            Cri = given.Cri,
            Docker = given.Docker,
            Cgroupfs = given.Cgroupfs,
            Kubernetes = new KubernetesSourceOptions
            {
                Enabled = true,
                Kubeconfig = Kubeconfig,
                NodeName = given.Kubernetes.NodeName,
                WatchTimeout = given.Kubernetes.WatchTimeout,
            },
        };
    }

    private static IEnumerable<ConfigError> Judge(PluginCatalog catalog, PluginTables tables) =>
        tables.CheckPlugins(catalog.Names).Concat(Judge(catalog, tables, enabled: true));

    /// <summary>Of the plugins that have a table, and are switched on or off by it.</summary>
    private static IEnumerable<ConfigError> Judge(PluginCatalog catalog, PluginTables tables, bool enabled) => catalog.Entries
        .Where(entry => tables.All.TryGetValue(entry.Found.Name, out PluginTable? table) && table.Enabled == enabled)
        .Select(entry => entry.TryImport())
        .OfType<ImportedPlugin>()
        .SelectMany(plugin => tables.Bind(plugin.Name, plugin.Manifest.Options).Errors);
}
