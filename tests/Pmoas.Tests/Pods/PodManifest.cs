using System.Runtime.CompilerServices;
using System.Text.Json;
using Pmoas.Host.Pods;
using Pmoas.Host.Pods.Sources.Kubernetes;

namespace Pmoas.Tests.Pods;

/// <summary>Reads what an injector made of a pod, <c>Manifests/NAME.json</c>, as the API server would tell it.</summary>
internal static class PodManifest
{
    /// <summary>Every manifest there is.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Folder(), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order();

    /// <summary>The pod of <c>Manifests/NAME.json</c>.</summary>
    public static PodSpec Read(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(Folder(), $"{name}.json"));
        return PodSpecs.Of(JsonSerializer.Deserialize(file, ApiJson.Default.ApiPod)!);
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Manifests");
}
