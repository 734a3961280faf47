using System.Reflection;
using Pmoas.Sdk;

namespace Pmoas.Tests.Describe;

/// <summary>The manifests of all plugins of this tree, found as the host finds them: by what their assemblies implement.</summary>
internal static class AllPlugins
{
    internal static IReadOnlyList<ProbeManifest> Manifests { get; } =
    [
        .. from path in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Order(StringComparer.Ordinal)
           where File.Exists(Path.ChangeExtension(path, ".xml"))
           let assembly = Assembly.Load(Path.GetFileNameWithoutExtension(path))
           where assembly.GetReferencedAssemblies().Any(reference => reference.Name == "Pmoas.Sdk")
           from type in assembly.GetExportedTypes()
           where type.IsAssignableTo(typeof(IProbe)) && !type.IsAbstract
           select ((IProbe)Activator.CreateInstance(type)!).Manifest,
    ];
}
