using Pmoas.Host.Health;

namespace Pmoas.Host.Exposition;

/// <summary>
/// What is done before every exposition: each plugin's callbacks and kernel tables. One cycle runs at a time. A step that throws is its
/// plugin's fault: that plugin is left out from then on, the others go on. Thread-safe.
/// </summary>
/// <param name="onFault">
/// Told of a fault (plugin, exception), on the scrape's thread after the cycle; must not wait for another scrape.
/// </param>
/// <param name="clock">Shows the watchdog whose step runs.</param>
internal sealed class ScrapeCycle(Action<string, Exception> onFault, LoopClock clock)
{
    private readonly Lock _gate = new();
    private readonly List<PluginScrape> _plugins = [];
    private volatile string? _collecting;

    /// <summary>The plugin whose step runs now; null between cycles. For the message about a scrape that takes too long.</summary>
    internal string? Collecting => _collecting;

    /// <summary>Adds a plugin that has started.</summary>
    /// <param name="plugin">Its name.</param>
    /// <param name="steps">Run in this order: the probe's <c>OnCollect</c> callbacks, then its exported tables.</param>
    internal PluginScrape Join(string plugin, IReadOnlyList<Action> steps)
    {
        var scrape = new PluginScrape(this, plugin, [.. steps]);
        lock (_gate)
        {
            _plugins.Add(scrape);
        }

        return scrape;
    }

    /// <summary>Runs every plugin's steps.</summary>
    internal void Run() => Run(_plugins);

    /// <summary>Runs one plugin's steps: its last numbers, before it is stopped.</summary>
    internal void RunLast(PluginScrape plugin) => Run([plugin]);

    /// <summary>Takes a plugin out; a cycle that runs now is waited for.</summary>
    internal void Leave(PluginScrape plugin)
    {
        lock (_gate)
        {
            _plugins.Remove(plugin);
            plugin.Ended = true;
        }
    }

    private void Run(List<PluginScrape> plugins)
    {
        List<(string Plugin, Exception Fault)>? faults = null;
        lock (_gate)
        {
            foreach (PluginScrape scrape in plugins)
            {
                _collecting = scrape.Plugin;
                clock.Begin(scrape.Plugin);
                try
                {
                    scrape.Collect();
                }
                catch (Exception fault)
                {
                    // The plugin border: whatever a plugin's callback throws is that plugin's fault.
                    scrape.Ended = true;
                    (faults ??= []).Add((scrape.Plugin, fault));
                }
            }

            _collecting = null;
            clock.End();
        }

        foreach ((string plugin, Exception fault) in faults ?? [])
        {
            onFault(plugin, fault);
        }
    }
}

/// <summary>
/// One plugin's part in a <see cref="ScrapeCycle"/>. Dispose it before what its steps use goes away: when Dispose returns, none of them
/// runs or will. Not to be disposed from a step.
/// </summary>
internal sealed class PluginScrape(ScrapeCycle cycle, string plugin, Action[] steps) : IDisposable
{
    /// <summary>Name of the plugin.</summary>
    internal string Plugin { get; } = plugin;

    /// <summary>True when nothing of it runs any more. Guarded by the cycle.</summary>
    internal bool Ended { get; set; }

    /// <summary>Runs the steps, on the cycle's thread.</summary>
    internal void Collect()
    {
        if (Ended)
        {
            return;
        }

        foreach (Action step in steps)
        {
            step();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => cycle.Leave(this);
}
