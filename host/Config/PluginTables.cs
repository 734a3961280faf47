namespace Pmoas.Host.Config;

/// <summary>The <c>[plugins.NAME]</c> tables, kept as written until the plugins are found and say what options they have.</summary>
internal sealed class PluginTables
{
    private const string EnabledKey = "enabled";

    private readonly string _file;
    private readonly Dictionary<string, PluginTable> _tables;

    private PluginTables(string file, Dictionary<string, PluginTable> tables)
    {
        _file = file;
        _tables = tables;
    }

    /// <summary>No table: no plugin runs.</summary>
    public static PluginTables None { get; } = new("", []);

    /// <summary>Every table, by plugin name.</summary>
    public IReadOnlyDictionary<string, PluginTable> All => _tables;

    /// <summary>Takes <c>enabled</c> out of each table; the rest is the plugin's own.</summary>
    public static PluginTables From(IReadOnlyDictionary<string, TomlSection> sections, string file, ICollection<ConfigError> errors)
    {
        Dictionary<string, PluginTable> tables = new(StringComparer.Ordinal);
        foreach ((string name, TomlSection section) in sections)
        {
            TomlSection own = new(section.At);
            bool enabled = true;
            foreach ((string key, TomlEntry entry) in section.Entries)
            {
                if (key != EnabledKey)
                {
                    own.Entries.Add(key, entry);
                }
                else if (entry.Value is TomlScalar { Value: bool yes })
                {
                    enabled = yes;
                }
                else
                {
                    string given = entry.Value is TomlScalar scalar ? $"{scalar} is {scalar.Kind}" : $"this is {entry.Value.Kind}";
                    errors.Add(new ConfigError(file, entry.KeyAt, $"plugins.{name}.{key}", $"{given}; allowed is true or false"));
                }
            }
            tables.Add(name, new PluginTable(name, enabled, own));
        }
        return new PluginTables(file, tables);
    }

    /// <summary>These tables with the keys of others set over them; a plugin that has a table there is enabled.</summary>
    public PluginTables With(PluginTables others)
    {
        Dictionary<string, PluginTable> tables = new(_tables, StringComparer.Ordinal);
        foreach (PluginTable over in others.All.Values)
        {
            TomlSection section = new(over.Section.At);
            foreach ((string key, TomlEntry entry) in (tables.TryGetValue(over.Name, out PluginTable? own) ? own.Section.Entries : []).Concat(over.Section.Entries))
            {
                section.Entries[key] = entry;
            }

            tables[over.Name] = new PluginTable(over.Name, Enabled: true, section);
        }

        return new PluginTables(_file, tables);
    }

    /// <summary>True when the file has a table for this plugin that does not say <c>enabled = false</c>.</summary>
    public bool IsEnabled(string plugin) => _tables.TryGetValue(plugin, out PluginTable? table) && table.Enabled;

    /// <summary>An error for each table that no plugin answers to.</summary>
    /// <param name="known">Names of the plugins that were found.</param>
    public IReadOnlyList<ConfigError> CheckPlugins(IEnumerable<string> known)
    {
        string[] names = [.. known.Order(StringComparer.Ordinal)];
        return
        [
            .. _tables.Values.Where(t => !names.Contains(t.Name)).Select(t => new ConfigError(
                _file, t.Section.At, $"plugins.{t.Name}",
                names.Length == 0 ? "no plugin was found at all; look at the plugin directory (--plugins)" : KeyNames.Unknown("a plugin that was found", t.Name, names))),
        ];
    }

    /// <summary>The options of a plugin: its table bound to its options class, all mistakes at once.</summary>
    /// <param name="plugin">Name of the plugin; without a table the options keep their defaults.</param>
    /// <param name="options">The options class; null when the plugin has none, and then every key is a mistake.</param>
    /// <returns>The options, null when there is no class or a mistake; and the mistakes.</returns>
    public (object? Options, IReadOnlyList<ConfigError> Errors) Bind(string plugin, Type? options)
    {
        List<ConfigError> errors = [];
        TomlSection section = _tables.TryGetValue(plugin, out PluginTable? table) ? table.Section : new TomlSection(default);
        string file = _file.Length == 0 ? "pmoas.toml" : _file;
        object bound = new TomlBinder(file, errors).Bind(options ?? typeof(NoOptions), section, $"plugins.{plugin}");
        return (options is null || errors.Count > 0 ? null : bound, errors);
    }

    private sealed class NoOptions;
}

/// <summary>One <c>[plugins.NAME]</c>.</summary>
/// <param name="Name">The plugin it is for.</param>
/// <param name="Enabled">False when the table says so.</param>
/// <param name="Section">The plugin's own keys. Its text (<see cref="TomlSection.ToString"/>) differs exactly when an option differs.</param>
internal sealed record PluginTable(string Name, bool Enabled, TomlSection Section);
