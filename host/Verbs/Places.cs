using System.CommandLine;

namespace Pmoas.Host.Verbs;

/// <summary>The options that say where configuration and plugins are; every verb that needs them spells them alike.</summary>
internal sealed class Places
{
    private readonly Option<string> _config = new("--config", "-c")
    {
        Description = "The configuration file.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Shipped("/etc/pmoas/pmoas.toml", "pmoas.toml", File.Exists),
    };

    private readonly Option<string> _plugins = new("--plugins", "-p")
    {
        Description = "The plugin directory: one folder a plugin.",
        HelpName = "DIR",
        DefaultValueFactory = _ => Shipped("/usr/lib/pmoas/plugins", "plugins", Directory.Exists),
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "Ask the Kubernetes API by this kubeconfig; overrides [sources.kubernetes].",
        HelpName = "FILE",
    };

    /// <summary>Adds the options to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="withConfig">False for a verb that reads no configuration.</param>
    public static Places AddTo(Command verb, bool withConfig = true)
    {
        Places places = new();
        if (withConfig)
        {
            verb.Add(places._config);
            verb.Add(places._kubeconfig);
        }

        verb.Add(places._plugins);
        return places;
    }

    /// <summary>The configuration file.</summary>
    public string Config(ParseResult line) => Path.GetFullPath(line.GetRequiredValue(_config));

    /// <summary>The kubeconfig named on the command line; null when none is.</summary>
    public string? Kubeconfig(ParseResult line) => line.GetValue(_kubeconfig) is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    /// <summary>The plugin directory.</summary>
    public string Plugins(ParseResult line) => Path.GetFullPath(line.GetRequiredValue(_plugins));

    /// <summary>Beside the executable when it is there, as in a build folder; else where a package puts it.</summary>
    private static string Shipped(string installed, string name, Func<string, bool> exists)
    {
        string beside = Path.Combine(AppContext.BaseDirectory, name);
        return exists(beside) ? beside : installed;
    }
}
