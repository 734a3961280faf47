
namespace Pmoas.Host.Plugins;

/// <summary>A plugin that shall run.</summary>
/// <param name="Options">An instance of its options type, or null when it has none.</param>
/// <param name="Text">Its options as text: equal texts are equal options.</param>
internal sealed record EnabledPlugin(object? Options, string Text);

/// <summary>
/// The plugins of the daemon: those the configuration enables run, the others do not. <see cref="ApplyAsync"/> and
/// <see cref="DisposeAsync"/> are called by one thread at a time; the rest by any.
/// </summary>
internal sealed class PluginSet(PluginCatalog catalog, ProbeServices services) : IAsyncDisposable
{
    private readonly ILogger _logger = services.Loggers.CreateLogger("pmoas.plugins");
    private readonly Dictionary<string, (ProbeRun Run, string? Text)> _runs = [];
    private readonly HashSet<string> _told = [];
    private volatile IReadOnlyList<PluginStatus> _all = [.. catalog.Entries.Select(entry => new PluginStatus(entry.Found.Name))];

    /// <summary>Every plugin of the directory, by name, with what can be said of it now.</summary>
    public IReadOnlyList<PluginStatus> All => _all;

    /// <summary>
    /// Makes the set be what the configuration says: starts what is new, ends what is gone, restarts what has other options and leaves
    /// the rest alone. Completes when each has settled: running, unsupported or faulted.
    /// </summary>
    /// <param name="enabled">By plugin name; names are those of the catalog.</param>
    public async Task ApplyAsync(IReadOnlyDictionary<string, EnabledPlugin> enabled)
    {
        foreach ((string name, (ProbeRun run, string? text)) in _runs.ToArray())
        {
            if (enabled.GetValueOrDefault(name)?.Text != text)
            {
                await run.StopAsync();
                _runs[name] = (run, null);
            }
        }

        foreach ((string name, EnabledPlugin wanted) in enabled)
        {
            if (catalog.Find(name)?.TryImport() is not { } plugin)
            {
                continue;
            }

            (ProbeRun run, string? text) = _runs.GetValueOrDefault(name, (new ProbeRun(plugin, services), null));
            if (text is null)
            {
                run.Start(wanted.Options);
                _runs[name] = (run, wanted.Text);
            }
        }

        _all = [.. catalog.Entries.Select(entry => new PluginStatus(
            entry.Found.Name, entry.Imported?.Version ?? "", _runs.GetValueOrDefault(entry.Found.Name).Run, entry.Refusal))];
        TellRefusals(enabled);
        await Task.WhenAll(_runs.Values.Select(running => running.Run.SettledAsync()));
    }

    /// <summary>Ends the session of a plugin whose callback threw; it is started anew after a pause.</summary>
    public void Fault(string plugin, Exception e) =>
        All.FirstOrDefault(status => status.Name == plugin)?.Run?.Fault(PluginBorder.Fault("collecting before a scrape", e));

    /// <summary>Ends all plugins; when it completes, everything is detached.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_runs.Values.Select(running => running.Run.DisposeAsync().AsTask()));

    private void TellRefusals(IReadOnlyDictionary<string, EnabledPlugin> enabled)
    {
        foreach (CatalogEntry entry in catalog.Entries)
        {
            if (entry.Refusal is { } refusal && enabled.ContainsKey(entry.Found.Name) && _told.Add(entry.Found.Name))
            {
                _logger.LogError("{Plugin} {State}: {Reason}", entry.Found.Name, StateText.Of(refusal.State), refusal.Message);
            }
        }
    }
}
