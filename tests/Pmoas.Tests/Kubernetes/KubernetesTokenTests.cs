using Pmoas.Host.Pods.Sources.Kubernetes;
using static Pmoas.Tests.Kubernetes.KubePods;

namespace Pmoas.Tests.Kubernetes;

public sealed class KubernetesTokenTests
{
    [Fact]
    public async Task a_token_that_is_renewed_is_used_by_the_next_request()
    {
        await using KubernetesLab lab = await KubernetesLab.StartAsync();
        Directory.CreateDirectory(lab.Path("account"));
        File.WriteAllText(lab.Path("account/token"), lab.Api.Token);
        File.WriteAllText(lab.Path("account/ca.crt"), lab.Api.AuthorityPem);
        lab.Options.Kubeconfig = "";
        lab.Options.NodeName = "";
        ApiPlaces pod = new("", "", "127.0.0.1", $"{lab.Api.Port}", lab.Path("account"), Node);
        lab.Api.Put(Pod("web"));
        _ = lab.Run(lab.Source(pod));
        await lab.PodsAsync("web");
        await lab.WatchedAsync();

        lab.Api.Token = "renewed";
        File.WriteAllText(lab.Path("account/token"), "renewed");
        lab.Api.EndWatches();
        await lab.WatchedAsync(2);
        lab.Api.Put(Pod("db"));

        await lab.PodsAsync("web", "db");
        Assert.Equal(1, lab.Api.Traffic.Lists);
    }
}
