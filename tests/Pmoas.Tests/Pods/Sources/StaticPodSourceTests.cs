using Pmoas.Host.Config;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources;

namespace Pmoas.Tests.Pods.Sources;

public sealed class StaticPodSourceTests
{
    [Fact]
    public async Task publishes_at_start_and_when_the_options_change()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        StaticPodSource source = new(Options("[[sources.static.pods]]\nname = \"a\"\nlabels = { x = \"1\" }\ncontainers = [{ name = \"c\", cgroup = \"/c/\", image = \"i\" }]\n"));
        PublishedPods published = new();
        Task run = source.RunAsync(published, stop.Token);

        PodSpec pod = Assert.Single(await published.NextAsync());
        Assert.Equal(("default", "a", "1"), (pod.Namespace, pod.Name, pod.Labels["x"]));
        ContainerSpec container = Assert.Single(pod.Containers);
        Assert.Equal(("c", "/c", "i"), (container.Name, container.CgroupPath, container.Image));

        source.Update(Options(""));
        Assert.Empty(await published.NextAsync());

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private static StaticSourceOptions Options(string toml) => ConfigFile.Parse(toml, "pmoas.toml").Options!.Sources.Static;
}
