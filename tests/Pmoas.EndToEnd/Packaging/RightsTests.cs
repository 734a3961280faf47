using k8s.Models;
using Pmoas.EndToEnd.Pods;
using Pmoas.FakeKubernetes;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>The rights in packaging/kubernetes are what the daemon asks an API server for: all of it, and nothing else.</summary>
public sealed class RightsTests
{
    [Fact]
    public async Task the_cluster_role_allows_exactly_what_the_daemon_asks_for()
    {
        await using FakeKubernetesApi api = await FakeKubernetesApi.StartAsync();
        string kubeconfig = Path.GetTempFileName();
        try
        {
            api.WriteKubeconfig(kubeconfig);
            using Site site = NodeSite.With(NodeSite.Kubernetes(kubeconfig, "node-1"));
            await using HostProcess daemon = await HostProcess.RunAsync(site);

            // First it is told a node that the cluster does not have, then one without pods: it lists, asks for the node, and watches.
            await daemon.UntilLogAsync("There is no node node-1 in the cluster");
            api.AddNode("node-1");
            await api.Traffic.WatchedAsync();
            // An end, a cut: whatever makes it ask again.
            api.EndWatches();
            await api.Traffic.WatchedAsync(watches: 2);
            api.DropWatches();
            await api.Traffic.WatchedAsync(watches: 3);

            V1ClusterRole role = (await Manifests.KustomizeAsync(Path.Combine(Built.Kubernetes, "base"))).ClusterRole;
            IEnumerable<string> allowed = from rule in role.Rules
                                          from verb in rule.Verbs
                                          from apiGroup in rule.ApiGroups
                                          from resource in rule.Resources
                                          select $"{verb} {apiGroup}/{resource}";
            Assert.Equal(allowed.Order(StringComparer.Ordinal), api.Traffic.Rights);
        }
        finally
        {
            File.Delete(kubeconfig);
        }
    }
}
