using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Daemon;
using Pmoas.Host.Demo;
using Pmoas.Sdk.Bpf;

namespace Pmoas.KernelTests.Accept;

/// <summary>The daemon without HTTP, in this process, watching pods of the bed with the plugins that <c>make build</c> left.</summary>
internal sealed partial class Watched : IAsyncDisposable
{
    private readonly Setup _setup;
    private readonly string _file;

    private Watched(Setup setup, string file)
    {
        (_setup, _file) = (setup, file);
        Node = new NodeWatch(setup, live: null, NullLoggerFactory.Instance);
    }

    internal NodeWatch Node { get; }

    /// <summary>Watches the pod that this bed runs; returns when all containers are tagged and Accept runs.</summary>
    internal static async Task<Watched> StartAsync(PodBed bed, string plugins = "[plugins.accept]\n", int containers = 2)
    {
        string file = Path.Combine(bed.Plan.Directory, "pmoas.toml");
        await File.WriteAllTextAsync(file, bed.StaticPodToml() + plugins);
        (Setup? setup, var errors) = Setup.Load(file, PluginDirectory());
        Assert.True(setup is not null, string.Join('\n', errors));
        Watched watched = new(setup, file);
        await watched.Node.ApplyAsync(setup.Options);
        await Until(() => Task.FromResult(watched.Node.Pods.All.Count == containers), "all containers are known");
        return watched;
    }

    /// <summary>Turns the plugin off and on again.</summary>
    internal async Task RestartPluginAsync()
    {
        string text = await File.ReadAllTextAsync(_file);
        await ApplyAsync(text.Replace("[plugins.accept]\n", "[plugins.accept]\nenabled = false\n", StringComparison.Ordinal));
        await ApplyAsync(text);
    }

    /// <summary>Entries of one of Accept's hash maps now.</summary>
    internal int EntriesOf(string map) => Look("accept", bpf => bpf.Map(map).CountEntries());

    /// <summary>Looks at a plugin's kernel object.</summary>
    internal int Look(string plugin, Func<BpfObject, int> look) =>
        (int)Node.Plugins.All.Single(one => one.Name == plugin).Run!.Look<object>(session => look(session.Bpf))!;

    /// <summary>One scrape.</summary>
    internal async Task<Samples> ScrapeAsync()
    {
        Node.Scrapes.Run();
        using MemoryStream text = new();
        await Node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        Dictionary<string, double> values = [];
        foreach (Match match in SampleLine().Matches(Encoding.UTF8.GetString(text.ToArray())))
        {
            values[match.Groups[1].Value] = double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        }

        return new Samples(values);
    }

    /// <summary>Scrapes until this many connections of the container have closed: the last segments of a close arrive after the client is done.</summary>
    internal async Task<Samples> ScrapeWhenClosedAsync(string container, double closed)
    {
        Samples samples = await ScrapeAsync();
        await Until(async () => (samples = await ScrapeAsync()).Of("closed_total", container) >= closed, () => $"{closed} connections of {container} are closed: {samples.All(container)}");
        return samples;
    }

    public async ValueTask DisposeAsync() => await Node.DisposeAsync();

    internal static Task Until(Func<Task<bool>> condition, string what) => Until(condition, () => what);

    private static async Task Until(Func<Task<bool>> condition, Func<string> what)
    {
        var limit = Patience.Of(TimeSpan.FromSeconds(15));
        for (long start = Stopwatch.GetTimestamp(); !await condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"not within {limit.TotalSeconds} s: {what()}");
            await Task.Delay(10);
        }
    }

    /// <summary>Looks upwards for what <c>make build</c> made.</summary>
    internal static string PluginDirectory()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string plugins = Path.Combine(folder, "artifacts", "pmoas", "plugins");
            if (Directory.Exists(plugins))
            {
                return plugins;
            }
        }

        throw new DirectoryNotFoundException("artifacts/pmoas/plugins is missing: run make build first");
    }

    private async Task ApplyAsync(string toml)
    {
        await File.WriteAllTextAsync(_file, toml);
        (Setup? setup, var errors) = Setup.Load(_file, PluginDirectory());
        Assert.True(setup is not null, string.Join('\n', errors));
        await Node.ApplyAsync(setup.Options);
    }

    [GeneratedRegex(@"^([a-z_]+(?:\{[^}]*\})?) ([^ \n]+)$", RegexOptions.Multiline)]
    private static partial Regex SampleLine();
}

/// <summary>What one scrape said of the Accept plugin.</summary>
internal sealed class Samples(Dictionary<string, double> values)
{
    /// <summary>The sample <c>pmoas_accept_NAME</c> of a container, with one more label if given as <c>name="value"</c>; NaN when there is none.</summary>
    internal double Of(string name, string container, string label = "")
    {
        string role = container == PodBed.SidecarName ? "sidecar" : "service";
        string wanted = $"container=\"{container}\",role=\"{role}\"{(label.Length > 0 ? "," + label : "")}}}";
        return values.Where(v => v.Key.StartsWith($"pmoas_accept_{name}{{", StringComparison.Ordinal) && v.Key.EndsWith(wanted, StringComparison.Ordinal))
            .Select(v => v.Value).DefaultIfEmpty(double.NaN).Single();
    }

    /// <summary>Everything that is not 0 of a container, for a test that failed.</summary>
    internal string All(string container) => string.Join(", ", values
        .Where(v => v.Value != 0 && v.Key.Contains($"container=\"{container}\"", StringComparison.Ordinal) && !v.Key.Contains("_bucket", StringComparison.Ordinal))
        .Select(v => $"{v.Key["pmoas_accept_".Length..v.Key.IndexOf('{', StringComparison.Ordinal)]} {v.Value}"));

    /// <summary>Of the sidecar.</summary>
    internal double Sidecar(string name, string label = "") => Of(name, PodBed.SidecarName, label);

    /// <summary>Of the service.</summary>
    internal double Service(string name, string label = "") => Of(name, PodBed.ServiceName, label);

    /// <summary>Connects of the sidecar that are not in its forward histogram, by reason.</summary>
    internal double Unpaired(string reason) => Sidecar("unpaired_total", $"reason=\"{reason}\"");

    /// <summary>Sum over all series of a name, whatever container.</summary>
    internal double Everywhere(string name) =>
        values.Where(v => v.Key.StartsWith($"pmoas_accept_{name}{{", StringComparison.Ordinal)).Sum(v => v.Value);
}
