using System.Reflection;
using McMaster.NETCore.Plugins;
using Microsoft.Extensions.Options;
using Pmoas.Sdk;

namespace Pmoas.Host.Plugins;

/// <summary>A plugin whose DLL is loaded and whose manifest is read; nothing of it runs yet.</summary>
/// <param name="Name">Its name, equal to the manifest's.</param>
/// <param name="Version">Version of its assembly.</param>
/// <param name="Manifest">What it is, as data.</param>
/// <param name="KernelObject">Bytes of its <c>*.bpf.o</c>; empty when it has none.</param>
/// <param name="Create">Makes a new probe, for one start.</param>
internal sealed record ImportedPlugin(
    string Name, string Version, ProbeManifest Manifest, ReadOnlyMemory<byte> KernelObject, Func<IProbe> Create);

/// <summary>Loads a plugin's DLL in a context of its own and checks that it is a plugin for this host.</summary>
internal static class PluginImport
{
    /// <summary>Every assembly whose types cross the border: with a copy of its own, a plugin's types would be strangers to the host.</summary>
    private static readonly Type[] Shared =
        [typeof(IProbe), typeof(ILogger), typeof(IValidateOptions<>)];

    /// <summary>Loads the plugin, makes one probe and reads its manifest.</summary>
    /// <exception cref="PluginException">It is no plugin, or none for this host; the sentence says why.</exception>
    public static ImportedPlugin Import(FoundPlugin found)
    {
        if (found.Refused is not null)
        {
            throw new PluginException(PluginState.Faulted, found.Refused);
        }

        Assembly assembly = Load(found.Dll);
        CheckSdk(found.Dll, assembly);
        Type type = TheProbe(found.Dll, Types(found.Dll, assembly));
        ConstructorInfo constructor = type.GetConstructor(Type.EmptyTypes)
            ?? throw new PluginException(PluginState.Faulted, $"{type.FullName} in {found.Dll} has no public constructor without parameters.");
        IProbe Create() => PluginBorder.Call(
            $"{type.Name}'s constructor", () => (IProbe)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, null, null));

        IProbe probe = Create();
        ProbeManifest manifest = PluginBorder.Call("Manifest", () => probe.Manifest);
        if (manifest.Name != found.Name)
        {
            throw new PluginException(PluginState.Faulted,
                $"the manifest's name is \"{manifest.Name}\" but the folder's name makes it \"{found.Name}\": name both alike.");
        }

        string version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString(3) ?? "0";
        return new ImportedPlugin(found.Name, version.Split('+')[0], manifest, KernelObject(assembly, manifest), Create);
    }

    private static Assembly Load(string dll)
    {
        try
        {
            // Lazy: else the loader would load every assembly that the shared ones refer to, which is 10 MB of the framework.
            return PluginLoader.CreateFromAssemblyFile(dll, Shared, config => config.IsLazyLoaded = true).LoadDefaultAssembly();
        }
        catch (BadImageFormatException e)
        {
            throw new PluginException(PluginState.Faulted, $"{dll} is not a .NET assembly.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException(PluginState.Faulted, $"{dll} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Judges the assembly's references before its types: a wrong SDK must not get as far as a TypeLoadException.</summary>
    private static void CheckSdk(string dll, Assembly assembly)
    {
        AssemblyName host = typeof(IProbe).Assembly.GetName();
        Version built = assembly.GetReferencedAssemblies().FirstOrDefault(reference => reference.Name == host.Name)?.Version
            ?? throw new PluginException(PluginState.Faulted, $"{dll} does not reference {host.Name}: it holds no probe.");
        if (built.Major != host.Version!.Major || built.Minor != host.Version.Minor)
        {
            throw new PluginException(PluginState.Unsupported,
                $"{dll} was built for {host.Name} {built.ToString(2)}; this pmoas has {host.Version.ToString(2)}: rebuild the plugin for it.");
        }
    }

    /// <summary>All types, now: a missing dependency must show here, not in the middle of a start.</summary>
    private static Type[] Types(string dll, Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            throw new PluginException(PluginState.Unsupported, $"{dll} cannot be loaded: {e.LoaderExceptions[0]?.Message ?? e.Message}", e);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or TypeLoadException)
        {
            throw new PluginException(PluginState.Unsupported, $"{dll} cannot be loaded: {e.Message}", e);
        }
    }

    private static Type TheProbe(string dll, Type[] types)
    {
        Type[] probes = [.. types.Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IProbe)))];
        return probes switch
        {
            [Type one] => one,
            [] => throw new PluginException(PluginState.Faulted, $"{dll} holds no public class that implements IProbe."),
            _ => throw new PluginException(PluginState.Faulted,
                $"{dll} holds {probes.Length} probes ({string.Join(", ", probes.Select(type => type.Name))}): one plugin, one probe."),
        };
    }

    private static byte[] KernelObject(Assembly assembly, ProbeManifest manifest)
    {
        if (manifest.BpfResource is null)
        {
            return [];
        }

        using Stream resource = assembly.GetManifestResourceStream(manifest.BpfResource)
            ?? throw new PluginException(PluginState.Faulted,
                $"the manifest names the kernel object \"{manifest.BpfResource}\" but the DLL embeds "
                + $"{(assembly.GetManifestResourceNames() is [_, ..] names ? string.Join(", ", names) : "none")}.");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
