using System.Threading.Channels;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

public sealed class StaticPodSourceTests
{
    [Fact]
    public async Task publishes_at_start_and_when_the_options_change()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        StaticPodSource source = new(Options("[[sources.static.pods]]\nname = \"a\"\nlabels = { x = \"1\" }\ncontainers = [{ name = \"c\", cgroup = \"/c/\", image = \"i\" }]\n"));
        Channel<IReadOnlyList<PodSpec>> published = Channel.CreateUnbounded<IReadOnlyList<PodSpec>>();
        Task run = source.RunAsync(pods => published.Writer.TryWrite(pods), stop.Token);

        PodSpec pod = Assert.Single(await published.Reader.ReadAsync(stop.Token));
        Assert.Equal(("default", "a", "1"), (pod.Namespace, pod.Name, pod.Labels["x"]));
        ContainerSpec container = Assert.Single(pod.Containers);
        Assert.Equal(("c", "/c", "i"), (container.Name, container.CgroupPath, container.Image));

        source.Update(Options(""));
        Assert.Empty(await published.Reader.ReadAsync(stop.Token));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private static StaticSourceOptions Options(string toml) => ConfigFile.Parse(toml, "pmoas.toml").Options!.Sources.Static;
}
