using System.CommandLine;
using Pmoas.Host.Describe;
using Pmoas.Host.Plugins;
using Pmoas.Sdk;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas describe</c>: what a plugin measures and how it is configured, from its declarations.</summary>
internal static class DescribeVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("describe", "Show a plugin's options and metrics, or write its README table and dashboard.");
        Argument<string?> name = new("PLUGIN") { Description = "Name of the plugin; all when left out.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> write = new("--write") { Description = "Write README.md's metrics table and dashboard.json into the plugin's source folder, and docs/." };
        Option<string> source = new("--source")
        {
            Description = "Where the plugins' source folders are, for --write.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "plugins",
        };
        verb.Add(name);
        verb.Add(write);
        verb.Add(source);
        Places places = Places.AddTo(verb, withConfig: false);
        verb.SetAction(line =>
        {
            PluginCatalog catalog = new(places.Plugins(line));
            CatalogEntry[] entries = [.. catalog.Entries.Where(entry => line.GetValue(name) is not { } one || entry.Found.Name == one)];
            if (entries.Length == 0)
            {
                Console.Error.WriteLine($"pmoas: there is no such plugin in {catalog.Directory}; there is: {string.Join(", ", catalog.Names)}");
                return ExitCode.Usage;
            }

            bool done = entries.All(entry => line.GetValue(write) ? Write(entry, line.GetRequiredValue(source)) : Print(entry))
                && (!line.GetValue(write) || line.GetValue(name) is not null || WriteReference(entries, line.GetRequiredValue(source)));
            return done ? ExitCode.Ok : ExitCode.Failed;
        });
        return verb;
    }

    private static bool Print(CatalogEntry entry)
    {
        if (Imported(entry) is not { } plugin)
        {
            return false;
        }

        Console.Out.WriteLine($"# {plugin.Name} {plugin.Version}\n{plugin.Manifest.Summary}\n");
        Console.Out.WriteLine("## Options");
        Console.Out.WriteLine(SampleConfig.Of(plugin.Name, plugin.Manifest.Summary, plugin.Manifest.Options));
        Console.Out.WriteLine("## Metrics");
        Console.Out.WriteLine(MarkdownTable.Of(plugin.Manifest.Metrics));
        return true;
    }

    private static bool Write(CatalogEntry entry, string source)
    {
        if (Imported(entry) is not { } plugin)
        {
            return false;
        }

        string folder = Path.Combine(source, Path.GetFileNameWithoutExtension(entry.Found.Dll));
        string readme = Path.Combine(folder, "README.md");
        if (!File.Exists(readme))
        {
            Console.Error.WriteLine($"pmoas: {readme} is missing; write it first, with a line {MarkdownTable.Begin} and a line {MarkdownTable.End}.");
            return false;
        }

        try
        {
            File.WriteAllText(readme, MarkdownTable.WriteInto(File.ReadAllText(readme), readme, plugin.Manifest.Metrics));
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine($"pmoas: {e.Message}");
            return false;
        }

        string dashboard = Path.Combine(folder, "dashboard.json");
        File.WriteAllText(dashboard, GrafanaDashboard.Of(plugin.Name, plugin.Manifest.Summary, plugin.Manifest.Metrics));
        Console.Out.WriteLine($"wrote {readme} and {dashboard}");
        return true;
    }

    /// <summary>The documents about all plugins together, beside the folder of their sources.</summary>
    private static bool WriteReference(IEnumerable<CatalogEntry> entries, string source)
    {
        string folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(source))!, "docs");
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"pmoas: {folder} is missing; run this in the folder of the sources, or name their plugins folder with --source");
            return false;
        }

        ProbeManifest[] manifests = [.. entries.Select(entry => entry.TryImport()!.Manifest)];
        File.WriteAllText(Path.Combine(folder, ReferenceDocs.ConfigurationFile), ReferenceDocs.Configuration(manifests));
        File.WriteAllText(Path.Combine(folder, ReferenceDocs.MetricsFile), ReferenceDocs.Metrics(manifests));
        Console.Out.WriteLine($"wrote {ReferenceDocs.ConfigurationFile} and {ReferenceDocs.MetricsFile} in {folder}");
        return true;
    }

    private static ImportedPlugin? Imported(CatalogEntry entry)
    {
        ImportedPlugin? plugin = entry.TryImport();
        if (plugin is null)
        {
            Console.Error.WriteLine($"pmoas: {entry.Found.Name}: {entry.Refusal!.Message}");
        }

        return plugin;
    }
}
