using System.Text;
using Pmoas.Host.Config;
using Pmoas.Host.Exposition;
using Pmoas.Sdk;

namespace Pmoas.Host.Describe;

/// <summary>The two reference documents: every key of <c>pmoas.toml</c> and every metric, the daemon's own and those of the plugins.</summary>
internal static class ReferenceDocs
{
    /// <summary>File name of <see cref="Configuration"/> in <c>docs/</c>.</summary>
    internal const string ConfigurationFile = "configure.md";

    /// <summary>File name of <see cref="Metrics"/> in <c>docs/</c>.</summary>
    internal const string MetricsFile = "metrics.md";

    private const string Made = "<!-- Made by `make describe` from the declarations in the code. -->\n";

    /// <summary>Every key of the file, of the host and of these plugins.</summary>
    internal static string Configuration(IEnumerable<ProbeManifest> plugins)
    {
        var text = new StringBuilder($"""
            {Made}# Every key of pmoas.toml
            The file says what it does in comments ([pmoas.toml](../pmoas.toml)); this is the complete list. A key that is not here is an error with its
            line and column, and so is a value that is not allowed. Durations are text: `"50us"`, `"10ms"`, `"5s"`, `"1h30m"`. An edit is taken when the
            file is saved, or at SIGHUP; a bad one is told, and the configuration from before goes on.


            """);
        text.Append(OptionTable.Of("", typeof(PmoasOptions)));
        text.Append("## Plugins\nA plugin runs when its table is there. Every table takes `enabled = false`, which leaves the plugin alone and the rest of the table unread.\n\n");
        foreach (ProbeManifest plugin in plugins.OrderBy(plugin => plugin.Name, StringComparer.Ordinal))
        {
            text.Append(plugin.Options is { } options ? OptionTable.Of($"plugins.{plugin.Name}", options) : $"### `[plugins.{plugin.Name}]`\n\n");
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>Every metric of the daemon and of these plugins.</summary>
    internal static string Metrics(IEnumerable<ProbeManifest> plugins)
    {
        var text = new StringBuilder($"""
            {Made}# Every metric
            Base units, counters end in `_total`, histograms have buckets that double and an exact sum. `container` is the name in the pod, `role` is
            `sidecar`, `service`, `init` or `ephemeral`. Series end when their container ends (`container_linger`).

            ## The daemon itself

            """);
        text.Append(MarkdownTable.Of(SelfMetricDefs.All));
        foreach (ProbeManifest plugin in plugins.OrderBy(plugin => plugin.Name, StringComparer.Ordinal))
        {
            text.Append($"\n## {plugin.Name}\n{plugin.Summary}\n\n").Append(MarkdownTable.Of(plugin.Metrics));
        }

        return text.ToString();
    }
}
