namespace Pmoas.Host.Plugins;

/// <summary>One plugin of the catalog: found, and imported when somebody asked.</summary>
internal sealed class CatalogEntry(FoundPlugin found)
{
    private bool _tried;

    /// <summary>Its folder.</summary>
    public FoundPlugin Found { get; } = found;

    /// <summary>What was imported; null before <see cref="TryImport"/> and when it was refused.</summary>
    public ImportedPlugin? Imported { get; private set; }

    /// <summary>Why it could not be imported, or null.</summary>
    public PluginException? Refusal { get; private set; }

    /// <summary>Loads the DLL the first time; a refusal is remembered and not tried again.</summary>
    public ImportedPlugin? TryImport()
    {
        if (!_tried)
        {
            _tried = true;
            try
            {
                Imported = PluginImport.Import(Found);
            }
            catch (PluginException refusal)
            {
                Refusal = refusal;
            }
        }

        return Imported;
    }
}

/// <summary>The plugins of the plugin directory. Only those somebody asks for are imported. One thread at a time.</summary>
internal sealed class PluginCatalog(string directory)
{
    /// <summary>The plugin directory.</summary>
    public string Directory { get; } = directory;

    /// <summary>By name, in the order of their names.</summary>
    public IReadOnlyList<CatalogEntry> Entries { get; } = [.. PluginFolder.Find(directory).Select(found => new CatalogEntry(found))];

    /// <summary>Names for <c>[plugins.NAME]</c>.</summary>
    public IEnumerable<string> Names => Entries.Select(entry => entry.Found.Name);

    /// <summary>The plugin with this name, or null.</summary>
    public CatalogEntry? Find(string name) => Entries.FirstOrDefault(entry => entry.Found.Name == name);
}
