using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Pmoas.Host.Demo;

namespace Pmoas.EndToEnd.Packaging;

/// <summary>Objects of packaging/kubernetes as the API server would get them, by kind.</summary>
/// <param name="Objects">Each of a type of Kubernetes' own OpenAPI description; a field this has not is an error when they are read.</param>
internal sealed record Manifests(IReadOnlyDictionary<string, object> Objects)
{
    private static readonly Dictionary<string, Type> s_beyondKubernetes = new() { ["monitoring.coreos.com/v1/ServiceMonitor"] = typeof(ServiceMonitor) };

    public V1DaemonSet DaemonSet => (V1DaemonSet)Objects["DaemonSet"];

    public V1ConfigMap Config => (V1ConfigMap)Objects["ConfigMap"];

    public V1ClusterRole ClusterRole => (V1ClusterRole)Objects["ClusterRole"];

    public V1Container Container => Assert.Single(DaemonSet.Spec.Template.Spec.Containers);

    /// <summary>What <c>kubectl kustomize</c> makes of a folder.</summary>
    public static async Task<Manifests> KustomizeAsync(string folder) =>
        Read(await Subprocess.RunAsync("kubectl", ["kustomize", folder], TestContext.Current.CancellationToken));

    /// <summary>What <c>helm template</c> makes of the chart.</summary>
    public static async Task<Manifests> HelmAsync(params string[] options) =>
        Read(await Helm.RunAsync(["template", "pmoas", Path.Combine(Built.Kubernetes, "helm/pmoas"), "--namespace", "pmoas", .. options]));

    /// <summary>The objects as JSON, by kind, without what only the tool that made them says of itself.</summary>
    public IReadOnlyDictionary<string, JsonNode> AsJson() => Objects.ToDictionary(named => named.Key, named =>
    {
        JsonNode node = JsonNode.Parse(KubernetesJson.Serialize(named.Value))!;
        JsonObject? labels = node["metadata"]!["labels"]?.AsObject();
        labels?.Remove("helm.sh/chart");
        labels?.Remove("app.kubernetes.io/managed-by");
        return node;
    });

    private static Manifests Read(string yaml) => new(KubernetesYaml.LoadAllFromString(yaml, s_beyondKubernetes, strict: true)
        .ToDictionary(read => ((IKubernetesObject)read).Kind));
}
