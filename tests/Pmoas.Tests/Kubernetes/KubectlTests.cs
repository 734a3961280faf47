using System.Collections.Concurrent;
using System.Diagnostics;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

/// <summary>The pretended server is judged by a client we did not write.</summary>
public sealed class KubectlTests
{
    [Fact]
    public async Task kubectl_sees_the_pods_that_the_source_sees()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        for (int i = 0; i < 600; i++) // more than a page
        {
            lab.Api.Put(Pod($"web-{i}"));
        }
        _ = lab.Run();
        await lab.WatchedAsync();
        using Kubectl kubectl = new(lab, "get", "pods", "-A", "-w", "--no-headers", "-o", "custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name");
        await kubectl.SeesAsync(600);
        await lab.WatchedAsync(2);

        lab.Api.Put(Pod("db", space: "store"));
        await kubectl.SeesAsync(601);

        Assert.Equal(
            (await lab.Published.NextAsync(pods => pods.Count == 601)).Select(pod => $"{pod.Namespace} {pod.Name}").Order(), kubectl.Seen.Order());
    }

    [Fact]
    public async Task kubectl_prints_its_own_table_of_a_namespace()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        lab.Api.Put(Pod("web"));
        lab.Api.Put(Pod("db", space: "store"));
        using Kubectl kubectl = new(lab, "get", "pods", "-n", "store", "--no-headers", "-w");

        await kubectl.SeesAsync(1);

        Assert.StartsWith("db ", Assert.Single(kubectl.Seen), StringComparison.Ordinal);
    }

    /// <summary>A kubectl that runs until it is disposed; each line it prints, once, with single blanks.</summary>
    private sealed class Kubectl : IDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentDictionary<string, bool> _seen = [];
        private readonly ConcurrentQueue<string> _errors = [];

        public Kubectl(KubernetesLab lab, params string[] arguments)
        {
            ProcessStartInfo start = new("kubectl", ["--kubeconfig", lab.Kubeconfig, "--cache-dir", lab.Path("cache"), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            };
            start.Environment["HOME"] = lab.Path("");
            _process = Process.Start(start)!;
            _process.OutputDataReceived += (_, line) =>
            {
                if (line.Data is { Length: > 0 } text)
                {
                    _seen.TryAdd(string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)), true);
                }
            };
            _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public ICollection<string> Seen => _seen.Keys;

        public async Task SeesAsync(int lines)
        {
            for (int i = 0; i < 2000 && _seen.Count < lines && !_process.HasExited; i++)
            {
                await Task.Delay(10);
            }
            Assert.True(_seen.Count == lines, $"kubectl printed {_seen.Count} lines and not {lines}: {string.Join('\n', _errors)}");
        }

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
