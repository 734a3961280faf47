using System.Globalization;
using System.Text;
using Pmoas.Host.Config;
using Pmoas.Host.Daemon;
using Pmoas.Host.Demo;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas monitor --with-sockmap</c>: the pod's new connections are accelerated while it is watched, and what that gave is told at the end.</summary>
internal static class MonitorSockMap
{
    /// <summary>The option's name.</summary>
    public const string Option = "--with-sockmap";

    private const string Plugin = "sock_map";

    /// <summary>The setup with the plugin switched on for one pod; null when there is no such plugin, which is then told.</summary>
    public static Setup? SwitchOn(Setup setup, string? podNamespace, string pod)
    {
        if (!setup.Catalog.Names.Contains(Plugin))
        {
            Console.Error.WriteLine($"pmoas: {Option} needs the plugin {Plugin}, which is not in {setup.Catalog.Directory}.");
            return null;
        }

        string namespaces = podNamespace is null ? "" : $"include_namespaces = [\"{podNamespace}\"]\n";
        ConfigResult over = ConfigFile.Parse($"[plugins.{Plugin}]\nmode = \"on\"\ninclude_pods = [\"{pod}\"]\n{namespaces}", Option);
        setup.Options.PluginTables = setup.Options.PluginTables.With(over.PluginTables);
        return setup;
    }

    /// <summary>What was accelerated, one line.</summary>
    public static async Task<string> SummaryAsync(NodeWatch node)
    {
        node.Scrapes.Run();
        using MemoryStream text = new();
        await node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        var scrape = Scrape.Parse(Encoding.UTF8.GetString(text.ToArray()));
        double Sum(string metric) => scrape.Sum($"pmoas_{Plugin}_{metric}");
        string gain = Sum("gain_ratio") is > 0 and var ratio
            ? string.Create(CultureInfo.InvariantCulture, $"a turn takes × {ratio:0.00} of what it takes on TCP")
            : "too few turns to compare";
        return $"[FINISHED] accelerated {Sum("enrolled_pairs_total")} connections and left {Sum("control_pairs_total")} on TCP to compare, {Sum("refused_pairs_total")} refused; {gain}";
    }
}
