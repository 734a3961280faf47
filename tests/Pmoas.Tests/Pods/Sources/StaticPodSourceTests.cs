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

        Task told = source.UpdateAsync(Options(""));
        Assert.Empty(await published.NextAsync());
        await told;

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public void a_container_has_the_runtime_s_id_that_its_cgroup_s_path_tells()
    {
        string id = new('a', 64);
        IReadOnlyList<PodSpec> pods = StaticPodSource.Pods(Options(
            $"[[sources.static.pods]]\nname = \"a\"\ncontainers = [{{ name = \"c\", cgroup = \"/docker/{id}\" }}, {{ name = \"d\", cgroup = \"/lab/d\" }}]\n"));

        Assert.Equal([id, ""], Assert.Single(pods).Containers.Select(container => container.Id));
    }

    private static StaticSourceOptions Options(string toml) => ConfigFile.Parse(toml, "pmoas.toml").Options!.Sources.Static;
}
