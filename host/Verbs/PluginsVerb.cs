using System.CommandLine;
using Pmoas.Host.Plugins;
using Pmoas.Sdk;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas plugins</c>: what is in the plugin directory, without starting anything.</summary>
internal static class PluginsVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("plugins", "List the plugins of the plugin directory; nothing is started.");
        Places places = Places.AddTo(verb, withConfig: false);
        Option<string> output = OutputFormat.AddTo(verb);
        verb.SetAction(line => Show(places.Plugins(line), output.IsJson(line)));
        return verb;
    }

    private static int Show(string directory, bool json)
    {
        Row[] rows = [.. new PluginCatalog(directory).Entries.Select(Describe)];
        if (json)
        {
            Json.Write(rows);
        }
        else if (rows.Length == 0)
        {
            Console.Error.WriteLine("pmoas: " + PluginFolder.WhyEmpty(directory));
        }
        else
        {
            Listing list = new("name", "version", "state", "kernel", "hooks", "summary");
            foreach (Row row in rows)
            {
                list.Add(row.Name, row.Version ?? "-", row.State, row.MinimumKernel ?? "-", string.Join(", ", row.Hooks), row.Reason ?? row.Summary ?? "");
            }

            list.Write();
        }

        return rows.Length > 0 && rows.All(row => row.Reason is null) ? ExitCode.Ok : ExitCode.Failed;
    }

    private static Row Describe(CatalogEntry entry)
    {
        if (entry.TryImport() is not { } plugin)
        {
            return new Row(entry.Found.Name, null, StateText.Of(entry.Refusal!.State), null, null, [], [], entry.Refusal.Message);
        }

        ProbeManifest manifest = plugin.Manifest;
        bool tooOld = KernelVersion.Current < manifest.MinimumKernel;
        return new Row(plugin.Name, plugin.Version, StateText.Of(tooOld ? PluginState.Unsupported : PluginState.Imported),
            manifest.Summary, manifest.MinimumKernel.ToString(), [.. manifest.Hooks.Select(hook => hook.Name)],
            [.. manifest.Metrics.Select(metric => metric.Name)], tooOld ? $"needs kernel {manifest.MinimumKernel} or newer." : null);
    }

    private sealed record Row(
        string Name, string? Version, string State, string? Summary, string? MinimumKernel, string[] Hooks, string[] Metrics, string? Reason);
}
