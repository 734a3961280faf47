using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Daemon;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.ResourceUsage;

/// <summary>
/// A pod of two containers, <c>app</c> and <c>proxy</c>, with real cgroups and a network namespace, watched by the daemon without HTTP with the
/// plugin that <c>make build</c> left. Its processes are the test's.
/// </summary>
internal sealed partial class UsagePod : IAsyncDisposable
{
    private const string Prefix = "pmoas-test-usage";
    private static int s_pods;

    private readonly string _name;
    private readonly List<BedContainer> _started = [];
    private NodeWatch? _node;

    private UsagePod(string name) => _name = name;

    /// <summary>Cgroup of the container <c>app</c>.</summary>
    internal string App => $"{BedRemains.CgroupPath(_name)}/app";

    /// <summary>Cgroup of the container <c>proxy</c>.</summary>
    internal string Proxy => $"{BedRemains.CgroupPath(_name)}/proxy";

    private string Folder => $"/run/{_name}";

    internal static async Task<UsagePod> StartAsync()
    {
        await BedRemains.RemoveStaleAsync(Prefix);
        UsagePod pod = new($"{Prefix}-{Environment.ProcessId}-{Interlocked.Increment(ref s_pods)}");
        try
        {
            await BedRemains.RemoveAsync(pod._name);
            await BedRemains.PodNetns(pod._name).CreateAsync(CancellationToken.None);
            PodCgroups.Create(BedRemains.CgroupPath(pod._name), pod.App);
            PodCgroups.Create(BedRemains.CgroupPath(pod._name), pod.Proxy);
            Directory.CreateDirectory(pod.Folder);
            await pod.WatchAsync();
            return pod;
        }
        catch
        {
            await pod.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a program in a container.</summary>
    internal BedContainer Start(string cgroup, params string[] command)
    {
        BedContainer started = BedContainer.Start($"run{_started.Count}", new ContainerCommand("", command), BedRemains.PodNetns(_name), cgroup, Folder);
        _started.Add(started);
        return started;
    }

    /// <summary>Runs <c>programs/use.c</c> to its end.</summary>
    /// <returns>Its exit code.</returns>
    internal async Task<int> UseAsync(string cgroup, params string[] what)
    {
        BedContainer run = Start(cgroup, [InPod.Program("use"), .. what]);
        await run.ReapAsync();
        return run.ExitCode;
    }

    /// <summary>One scrape: the plugin's series, without the prefix and the labels of pod and container.</summary>
    internal async Task<IReadOnlyDictionary<string, double>> ScrapeAsync()
    {
        _node!.Scrapes.Run();
        using MemoryStream text = new();
        await _node.Instruments.WriteAsync(text, openMetrics: false, CancellationToken.None);
        Dictionary<string, double> values = [];
        foreach (Match line in SampleLine().Matches(Encoding.UTF8.GetString(text.ToArray())))
        {
            string container = line.Groups["container"].Value;
            string key = $"{line.Groups["name"].Value} {container}{(line.Groups["more"].Value is { Length: > 0 } more ? (container.Length > 0 ? " " : "") + more : "")}";
            values[key.TrimEnd()] = double.Parse(line.Groups["value"].ValueSpan, CultureInfo.InvariantCulture);
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }

        await BedRemains.RemoveAsync(_name);
        foreach (BedContainer started in _started)
        {
            await started.ReapAsync();
            started.Dispose();
        }
    }

    private async Task WatchAsync()
    {
        string file = $"{Folder}/pmoas.toml";
        await File.WriteAllTextAsync(file, $"""
            [[sidecars]]
            name = "proxy"

            [[sources.static.pods]]
            namespace = "lab"
            name = "usage"
            containers = [
              {Declared("app", App)},
              {Declared("proxy", Proxy)},
            ]

            [sources]
            kubernetes.enabled = false
            cri.enabled = false
            docker.enabled = false
            cgroupfs.enabled = false

            [plugins.resource_usage]
            refresh = "0s"

            """);
        (Setup? setup, var errors) = Setup.Load(file, Watched.PluginDirectory());
        Assert.True(setup is not null, string.Join('\n', errors));
        _node = new NodeWatch(setup, live: null, NullLoggerFactory.Instance);
        await _node.ApplyAsync(setup.Options);
        await Watched.Until(() => Task.FromResult(_node.Pods.All.Count == 2), "both containers are known");
        await Watched.Until(async () => (await ScrapeAsync()).ContainsKey("cpu_seconds_total proxy mode=\"user\""), "both containers are read");
    }

    private static string Declared(string name, string cgroup) => $"{{ name = \"{name}\", cgroup = \"{cgroup}\", image = \"\", labels = {{}} }}";

    [GeneratedRegex("""
        ^pmoas_resource_usage_(?<name>[a-z_]+)\{namespace="lab",pod="usage"(?:,container="(?<container>[a-z]+)",role="[a-z]+")?,?(?<more>[^}]*)\} (?<value>[^ \n]+)$
        """, RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex SampleLine();
}
