using System.Runtime.CompilerServices;
using System.Text.Json;
using Pmoas.Host.Pods;

namespace Pmoas.Tests.Pods;

/// <summary>Reads what an injector made of a pod, <c>Manifests/NAME.json</c>, as the API server would tell it.</summary>
internal static class PodManifest
{
    /// <summary>Every manifest there is.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Folder(), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order();

    /// <summary>The pod of <c>Manifests/NAME.json</c>.</summary>
    public static PodSpec Read(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(), $"{name}.json")));
        JsonElement metadata = document.RootElement.GetProperty("metadata");
        JsonElement spec = document.RootElement.GetProperty("spec");
        return new PodSpec(
            Text(metadata, "namespace"), Text(metadata, "name"), Text(metadata, "uid"), Map(metadata, "labels"), Map(metadata, "annotations"),
            [
                .. Containers(spec, "initContainers", ContainerKind.Init),
                .. Containers(spec, "containers", ContainerKind.Main),
                .. Containers(spec, "ephemeralContainers", ContainerKind.Ephemeral),
            ])
        { IsComplete = true };
    }

    private static ContainerSpec[] Containers(JsonElement spec, string list, ContainerKind kind) =>
        spec.TryGetProperty(list, out JsonElement containers) ? [.. containers.EnumerateArray().Select(c => Container(c, kind))] : [];

    private static ContainerSpec Container(JsonElement container, ContainerKind kind) => new(
        Text(container, "name"), Text(container, "image"), "", PodSpec.NoLabels,
        Text(container, "restartPolicy") == "Always" ? ContainerKind.NativeSidecar : kind);

    private static string Text(JsonElement of, string key) => of.TryGetProperty(key, out JsonElement value) ? value.GetString() ?? "" : "";

    private static Dictionary<string, string> Map(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement map) ? map.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "") : [];

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Manifests");
}
