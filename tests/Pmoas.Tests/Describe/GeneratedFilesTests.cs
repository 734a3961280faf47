using Pmoas.Host.Describe;

namespace Pmoas.Tests.Describe;

/// <summary>What <c>pmoas describe --write</c> made is what it would make now.</summary>
public sealed class GeneratedFilesTests
{
    private static readonly string Plugins = Path.Combine(Root(), "plugins");

    [Fact]
    public void the_metrics_table_of_every_plugins_readme_is_current() => Assert.All(AllPlugins.All, plugin =>
    {
        string path = Path.Combine(Plugins, plugin.Folder, "README.md");
        string readme = File.ReadAllText(path);
        Assert.True(
            MarkdownTable.WriteInto(readme, path, plugin.Manifest.Metrics) == readme,
            $"{path} is not what the metrics say; run: make describe");
    });

    [Fact]
    public void the_dashboard_of_every_plugin_is_current() => Assert.All(AllPlugins.All, plugin =>
    {
        string path = Path.Combine(Plugins, plugin.Folder, "dashboard.json");
        Assert.True(
            File.ReadAllText(path) == GrafanaDashboard.Of(plugin.Manifest.Name, plugin.Manifest.Summary, plugin.Manifest.Metrics),
            $"{path} is not what the metrics say; run: make describe");
    });

    [Fact]
    public void the_reference_documents_are_current()
    {
        string docs = Path.Combine(Root(), "docs");
        Assert.True(
            File.ReadAllText(Path.Combine(docs, ReferenceDocs.ConfigurationFile)) == ReferenceDocs.Configuration(AllPlugins.Manifests),
            "docs/configure.md is not what the options say; run: make describe");
        Assert.True(
            File.ReadAllText(Path.Combine(docs, ReferenceDocs.MetricsFile)) == ReferenceDocs.Metrics(AllPlugins.Manifests),
            "docs/metrics.md is not what the declarations say; run: make describe");
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Pmoas.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException($"no Pmoas.slnx above {AppContext.BaseDirectory}");
    }
}
