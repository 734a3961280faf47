using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Daemon;
using Pmoas.Host.Identity;
using Pmoas.Sdk.Pods;

namespace Pmoas.Benchmarks;

/// <summary>The daemon without HTTP, in this process, with Accept, watching generated pods by their cgroups and by the API server.</summary>
internal sealed class DirectoryUnderTest : IAsyncDisposable
{
    private readonly string _root;
    private readonly CancellationToken _stopping;
    private readonly MemoryStream _text = new();

    private DirectoryUnderTest(NodeWatch watch, string root, CancellationToken stopping) => (Watch, _root, _stopping) = (watch, root, stopping);

    internal NodeWatch Watch { get; }

    /// <summary>Containers of the generated pods that are listed: those of others on this machine do not count.</summary>
    internal IEnumerable<Container> Listed => Watch.Pods.All.Where(container => container.CgroupPath.StartsWith(_root, StringComparison.Ordinal));

    /// <summary>Starts it; the pods are still to be found.</summary>
    internal static async Task<DirectoryUnderTest> StartAsync(GeneratedPods pods, string kubeconfig, CancellationToken stopping)
    {
        string file = Path.Combine(GeneratedNode.DirectoryOf(pods), "pmoas.toml");
        await File.WriteAllTextAsync(file, $"""
            [daemon]
            container_linger = "0s"
            [sources.kubernetes]
            kubeconfig = "{kubeconfig}"
            node_name = "{GeneratedPods.Node}"
            [sources.cri]
            enabled = false
            [sources.docker]
            enabled = false
            [plugins.accept]

            """, stopping);
        (Setup? setup, var errors) = Setup.Load(file, "artifacts/pmoas/plugins");
        NodeWatch watch = new(setup ?? throw new InvalidOperationException(string.Join('\n', errors)), live: null, NullLoggerFactory.Instance);
        await watch.ApplyAsync(setup.Options);
        return new DirectoryUnderTest(watch, $"/{pods.Seed}/", stopping);
    }

    /// <summary>Waits until so many containers are listed under the names the API server gives them.</summary>
    internal Task NamedAsync(int containers) => UntilAsync(
        () => Listed.Count() == containers && Listed.All(container => container.Namespace.StartsWith("team-", StringComparison.Ordinal)), $"{containers} containers are named");

    /// <summary>Waits until each of these cgroups carries a tag in the kernel's map, or none does.</summary>
    internal Task TaggedAsync(IReadOnlyCollection<ulong> cgroups, bool tagged = true)
    {
        Queue<ulong> left = new(cgroups);
        return UntilAsync(
            () =>
            {
                while (left.TryPeek(out ulong cgroup) && IsTagged(cgroup) == tagged)
                {
                    left.Dequeue();
                }

                return left.Count == 0;
            },
            "the kernel has the tags");
    }

    /// <summary>Waits for a condition, looking as often as the machine allows: fractions of a millisecond are measured.</summary>
    internal async Task UntilAsync(Func<bool> condition, string what)
    {
        for (long start = Stopwatch.GetTimestamp(); !condition();)
        {
            _stopping.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                throw new TimeoutException($"not within a minute: {what}; there are {Listed.Count()} containers");
            }

            await Task.Yield();
            Thread.Sleep(0);
        }
    }

    /// <summary>One scrape, as the daemon's endpoint does it. Returns bytes of text.</summary>
    internal async Task<long> ScrapeAsync()
    {
        Watch.Scrapes.Run();
        Watch.Self.Update(Watch.PluginFacts(), Watch.Pods);
        Watch.Self.Update(Watch.PodFacts());
        _text.SetLength(0);
        await Watch.Instruments.WriteAsync(_text, openMetrics: false, _stopping);
        return _text.Length;
    }

    public ValueTask DisposeAsync() => Watch.DisposeAsync();

    private bool IsTagged(ulong cgroup) => (bool)Watch.Plugins.All.Single(plugin => plugin.Name == "accept").Run!
        .Look<object>(session => session.Bpf.Map("pmoas_containers").TryGet(cgroup, out PmoasTag _))!;
}
