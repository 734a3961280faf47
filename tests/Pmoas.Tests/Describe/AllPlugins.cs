using System.Reflection;
using Pmoas.Sdk;

namespace Pmoas.Tests.Describe;

/// <summary>The plugins of this tree, found as the host finds them: by what their assemblies implement.</summary>
internal static class AllPlugins
{
    /// <summary>Each manifest with its folder under <c>plugins/</c>, which has the assembly's name.</summary>
    internal static IReadOnlyList<(string Folder, ProbeManifest Manifest)> All { get; } =
    [
        .. from path in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Order(StringComparer.Ordinal)
           where File.Exists(Path.ChangeExtension(path, ".xml"))
           let assembly = Assembly.Load(Path.GetFileNameWithoutExtension(path))
           where assembly.GetReferencedAssemblies().Any(reference => reference.Name == "Pmoas.Sdk")
           from type in assembly.GetExportedTypes()
           where type.IsAssignableTo(typeof(IProbe)) && !type.IsAbstract
           select (assembly.GetName().Name, ((IProbe)Activator.CreateInstance(type)!).Manifest),
    ];

    internal static IEnumerable<ProbeManifest> Manifests => All.Select(plugin => plugin.Manifest);
}
