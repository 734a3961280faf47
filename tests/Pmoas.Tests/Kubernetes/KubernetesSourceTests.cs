using k8s.Models;
using Pmoas.Host.Config;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources.Kubernetes;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubernetesSourceTests : IAsyncLifetime
{
    private KubernetesLab _lab = null!;

    public async ValueTask InitializeAsync() => _lab = await KubernetesLab.StartAsync();

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task lists_the_pods_of_this_node_only()
    {
        _lab.Api.Put(Pod("web"));
        _lab.Api.Put(Pod("far", node: "node-2"));
        KubernetesSource source = _lab.Source();
        Assert.Equal(_lab.Kubeconfig, source.Endpoint);

        _ = _lab.Run(source);

        PodSpec pod = Assert.Single(await _lab.Published.NextAsync());
        Assert.Equal(("shop", "web", true), (pod.Namespace, pod.Name, pod.IsComplete));
        Assert.Equal(_lab.Api.Url, source.Endpoint);
    }

    [Fact]
    public async Task tells_pods_that_are_added_changed_and_deleted_later()
    {
        _lab.Api.Put(Pod("web"));
        _ = _lab.Run();
        await _lab.PodsAsync("web");
        await _lab.WatchedAsync();

        _lab.Api.Put(Pod("db"));
        await _lab.PodsAsync("web", "db");
        V1Pod changed = Pod("db");
        changed.Status.PodIP = "10.0.0.7";
        _lab.Api.Put(changed);
        IReadOnlyList<PodSpec> pods = await _lab.Published.NextAsync();
        Assert.Equal(["", "10.0.0.7"], pods.OrderByDescending(pod => pod.Name).Select(pod => pod.Ip));
        _lab.Api.Delete("shop", "web");
        await _lab.PodsAsync("db");

        Assert.Equal((1, 1), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.Watches));
    }

    [Fact]
    public async Task pods_of_the_same_name_in_two_namespaces_are_two()
    {
        _lab.Api.Put(Pod("web"));
        _lab.Api.Put(Pod("web", space: "test"));
        _ = _lab.Run();
        await _lab.PodsAsync("web", "web");
        await _lab.WatchedAsync();

        _lab.Api.Delete("test", "web");

        Assert.Equal("shop", Assert.Single(await _lab.PodsAsync("web")).Namespace);
    }

    [Fact]
    public async Task a_finished_pod_stays_until_it_is_deleted()
    {
        _ = _lab.Run();
        await _lab.WatchedAsync();
        V1Pod done = Pod("job");
        done.Status.Phase = "Succeeded";
        _lab.Api.Put(done);
        await _lab.PodsAsync("job");

        _lab.Api.Delete("shop", "job");

        await _lab.PodsAsync();
    }

    [Fact]
    public async Task a_change_that_is_none_for_us_is_a_sign_of_life()
    {
        _lab.Api.Put(Pod("web"));
        _ = _lab.Run();
        await _lab.PodsAsync("web");
        await _lab.WatchedAsync();

        V1Pod ready = Pod("web");
        ready.Status.Conditions = [new V1PodCondition { Type = "Ready", Status = "True" }];
        _lab.Api.Put(ready);
        _lab.Api.Put(Pod("db"));
        Assert.Equal(2, (await _lab.Published.NextAsync()).Count);

        Assert.InRange(_lab.Published.Signs, 1, 2); // the watch began, and the change when it came by itself
    }

    [Fact]
    public async Task a_long_list_comes_in_pages_and_is_published_whole()
    {
        for (int i = 0; i < 1200; i++)
        {
            _lab.Api.Put(Pod($"web-{i}"));
        }

        _ = _lab.Run();

        Assert.Equal(1200, (await _lab.Published.NextAsync()).Count);
        Assert.Equal((1, 3), (_lab.Api.Traffic.Lists, _lab.Api.Traffic.ListPages));
    }

    [Fact]
    public async Task an_empty_node_is_an_empty_list()
    {
        _ = _lab.Run();

        Assert.Empty(await _lab.Published.NextAsync());
    }

    [Fact]
    public async Task a_node_that_is_not_in_the_cluster_is_told()
    {
        _lab.Options.NodeName = "mistyped";

        Assert.Equal(
            $"There is no node mistyped in the cluster of {_lab.Api.Url}: set [sources.kubernetes] node_name, or NODE_NAME.", await _lab.ProblemAsync());
    }

    [Fact]
    public async Task who_may_not_read_nodes_is_not_bothered_with_them()
    {
        _lab.Options.NodeName = "mistyped";
        _lab.Api.Refuse("get", 403);

        _ = _lab.Run();

        Assert.Empty(await _lab.Published.NextAsync());
    }

    [Fact]
    public void it_is_offered_when_a_kubeconfig_is_named()
    {
        Assert.True(KubernetesSource.IsOffered(new KubernetesSourceOptions { Kubeconfig = "/some/where" }));
        Assert.Equal(
            Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 }, KubernetesSource.IsOffered(new KubernetesSourceOptions()));
    }
}
