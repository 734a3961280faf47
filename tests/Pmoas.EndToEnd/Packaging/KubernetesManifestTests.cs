using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using k8s.Models;
using Pmoas.Host.Daemon;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>packaging/kubernetes, by the real kubectl and the real helm.</summary>
public sealed partial class KubernetesManifestTests
{
    private static readonly string s_base = Path.Combine(Built.Kubernetes, "base");

    [Fact]
    public async Task kustomize_and_helm_make_the_same_objects_and_Kubernetes_knows_every_field_of_them()
    {
        IReadOnlyDictionary<string, JsonNode> kustomize = (await Manifests.KustomizeAsync(s_base)).AsJson(), helm = (await Manifests.HelmAsync()).AsJson();
        // helm install --create-namespace makes the namespace.
        Assert.Equal(["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet", "Namespace", "Service", "ServiceAccount"], kustomize.Keys.Order());
        Assert.Equal(kustomize.Keys.Where(kind => kind != "Namespace").Order(), helm.Keys.Order());
        Assert.All(helm, made => AssertSame(kustomize[made.Key], made.Value));
    }

    [Fact]
    public async Task the_service_monitor_is_optional_and_selects_the_service()
    {
        using Site site = new();
        string overlay = Path.Combine(site.Folder, "kustomization.yaml");
        // kustomize takes no absolute path.
        string there = Path.GetRelativePath(site.Folder, Built.Kubernetes);
        await File.WriteAllTextAsync(overlay, $"resources: [{there}/base]\ncomponents: [{there}/service-monitor]\n", TestContext.Current.CancellationToken);
        Manifests kustomize = await Manifests.KustomizeAsync(site.Folder), helm = await Manifests.HelmAsync("--set", "serviceMonitor.enabled=true");
        AssertSame(kustomize.AsJson()["ServiceMonitor"], helm.AsJson()["ServiceMonitor"]);

        var monitor = (ServiceMonitor)helm.Objects["ServiceMonitor"];
        var service = (V1Service)helm.Objects["Service"];
        Assert.All(monitor.Spec.Selector.MatchLabels, wanted => Assert.Equal(wanted.Value, service.Metadata.Labels[wanted.Key]));
        Assert.Equal(Assert.Single(service.Spec.Ports).Name, Assert.Single(monitor.Spec.Endpoints).Port);
        Assert.All(service.Spec.Selector, wanted => Assert.Equal(wanted.Value, helm.DaemonSet.Spec.Template.Metadata.Labels[wanted.Key]));
    }

    [Fact]
    public async Task it_has_the_capabilities_of_the_systemd_unit_and_NET_ADMIN_only_for_SockMap()
    {
        string unit = await File.ReadAllTextAsync(Built.Unit, TestContext.Current.CancellationToken);
        string[] ofUnit = [.. BoundingSet().Match(unit).Groups[1].Value.Split(' ').Select(name => name["CAP_".Length..]).Order()];
        V1SecurityContext usual = (await Manifests.HelmAsync()).Container.SecurityContext;
        Assert.Equal(ofUnit.Where(name => name != "NET_ADMIN"), usual.Capabilities.Add.Order());
        Assert.Equal(["ALL"], usual.Capabilities.Drop);
        Assert.Equal((false, true), (usual.Privileged, usual.ReadOnlyRootFilesystem));
        Assert.Equal(ofUnit, (await Manifests.HelmAsync("--set", "sockMap=true")).Container.SecurityContext.Capabilities.Add.Order());

        string readme = await File.ReadAllTextAsync(Path.Combine(Built.Root, "README.md"), TestContext.Current.CancellationToken);
        Assert.Equal(ofUnit, CapabilityRow().Matches(readme).Select(row => row.Groups[1].Value).Order());
    }

    [Fact]
    public async Task all_of_it_is_of_the_version_that_is_built()
    {
        string version = BuildVersion.Host.Split('+')[0];
        Manifests kustomize = await Manifests.KustomizeAsync(s_base);
        Assert.Equal($"pmoas:{version}", kustomize.Container.Image);
        Assert.Equal($"pmoas:{version}", (await Manifests.HelmAsync()).Container.Image);
        Assert.Equal(version, kustomize.DaemonSet.Metadata.Labels["app.kubernetes.io/version"]);
        Assert.Contains($"\nversion: {version}\nappVersion: {version}\n", await File.ReadAllTextAsync(Path.Combine(Built.Kubernetes, "helm/pmoas/Chart.yaml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task every_value_of_the_chart_reaches_its_field()
    {
        Manifests helm = await Manifests.HelmAsync(
            "--set", "image.repository=registry.example.com/pmoas", "--set", "image.tag=9.9", "--set", "imagePullSecrets[0].name=pull", "--set", "config=[http]",
            "--set", "resources.limits.memory=1Gi", "--set", "nodeSelector.pool=edge", "--set", "priorityClassName=system-node-critical", "--set", "seLinuxOptions.type=spc_t",
            "--set", "tolerations[0].key=edge", "--set", "podAnnotations.team=blue", "--set", "serviceMonitor.enabled=true", "--set", "serviceMonitor.interval=5s", "--set", "serviceMonitor.labels.release=prometheus");
        V1PodSpec pod = helm.DaemonSet.Spec.Template.Spec;
        Assert.Equal("registry.example.com/pmoas:9.9", helm.Container.Image);
        Assert.Equal("pull", Assert.Single(pod.ImagePullSecrets).Name);
        Assert.Equal("[http]", helm.Config.Data["pmoas.toml"].TrimEnd());
        Assert.Equal("1Gi", helm.Container.Resources.Limits["memory"].ToString());
        Assert.Equal("edge", pod.NodeSelector["pool"]);
        Assert.Equal("system-node-critical", pod.PriorityClassName);
        Assert.Equal("spc_t", helm.Container.SecurityContext.SeLinuxOptions.Type);
        Assert.Equal("edge", Assert.Single(pod.Tolerations).Key);
        Assert.Equal("blue", helm.DaemonSet.Spec.Template.Metadata.Annotations["team"]);
        Assert.Equal("5s", Assert.Single(((ServiceMonitor)helm.Objects["ServiceMonitor"]).Spec.Endpoints).Interval);
        Assert.Equal("prometheus", ((ServiceMonitor)helm.Objects["ServiceMonitor"]).Metadata.Labels["release"]);
        Assert.Contains("0 chart(s) failed", await Helm.RunAsync("lint", "--strict", Path.Combine(Built.Kubernetes, "helm/pmoas")), StringComparison.Ordinal);
    }

    private static void AssertSame(JsonNode expected, JsonNode made) => Assert.True(JsonNode.DeepEquals(expected, made), $"kustomize: {expected}\nhelm: {made}");

    [GeneratedRegex("^CapabilityBoundingSet=(.*)$", RegexOptions.Multiline)]
    private static partial Regex BoundingSet();

    [GeneratedRegex(@"^\| `CAP_([A-Z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CapabilityRow();
}
