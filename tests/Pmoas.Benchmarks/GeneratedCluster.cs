using System.Diagnostics;
using Pmoas.FakeKubernetes;

namespace Pmoas.Benchmarks;

/// <summary>The API server of the generated pods, in a process of its own: neither its memory nor its work is to be taken for PMOAS's.</summary>
internal sealed class GeneratedCluster : IAsyncDisposable
{
    private readonly Process _process;

    private GeneratedCluster(Process process) => _process = process;

    /// <summary>Starts it; it ends with this process.</summary>
    internal static async Task<GeneratedCluster> StartAsync(GeneratedPods pods, string kubeconfig)
    {
        GeneratedCluster cluster = new(Process.Start(new ProcessStartInfo("setsid", [Environment.ProcessPath!, "cluster", pods.Seed, kubeconfig])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
        await cluster.DoneAsync();
        return cluster;
    }

    /// <summary>Adds or changes pods.</summary>
    internal Task PutAsync(IEnumerable<int> pods, string sidecar = "proxy") => TellAsync(pods.Select(pod => $"put {pod} {sidecar}"));

    /// <summary>Deletes pods.</summary>
    internal Task DeleteAsync(IEnumerable<int> pods) => TellAsync(pods.Select(pod => $"delete {pod}"));

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>What the other process does: serves, and obeys the lines that come, until they end.</summary>
    internal static async Task<int> ServeAsync(GeneratedPods pods, string kubeconfig)
    {
        await using FakeKubernetesApi api = await FakeKubernetesApi.StartAsync();
        api.AddNode(GeneratedPods.Node);
        api.WriteKubeconfig(kubeconfig);
        Console.WriteLine("done");
        while (Console.ReadLine() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["put", { } pod, { } sidecar]:
                    api.Put(pods.OfApi(int.Parse(pod), sidecar));
                    break;
                case ["delete", { } pod]:
                    api.Delete(GeneratedPods.Namespace(int.Parse(pod)), GeneratedPods.Name(int.Parse(pod)));
                    break;
                default:
                    Console.WriteLine("done");
                    break;
            }
        }

        return 0;
    }

    private async Task TellAsync(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            await _process.StandardInput.WriteLineAsync(line);
        }

        await _process.StandardInput.WriteLineAsync("done?");
        await _process.StandardInput.FlushAsync();
        await DoneAsync();
    }

    private async Task DoneAsync()
    {
        if (await _process.StandardOutput.ReadLineAsync() != "done")
        {
            throw new InvalidOperationException("the pretended API server has ended");
        }
    }
}
