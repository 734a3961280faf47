using System.IO.Enumeration;
using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.SockMap;

/// <summary>Tells the kernel which containers the configuration chooses, and which were rolled back. Not thread-safe.</summary>
internal sealed class ChosenContainers(SockMapOptions options, IContainerIndex index, BpfMap chosen)
{
    private readonly Dictionary<uint, bool> _told = [];
    private readonly HashSet<uint> _rolledBack = [];
    private readonly List<uint> _gone = [];

    /// <summary>True when the configuration leaves any container out.</summary>
    internal static bool IsChoice(SockMapOptions options) =>
        options.IncludeNamespaces.Count + options.ExcludeNamespaces.Count + options.IncludePods.Count + options.ExcludePods.Count > 0;

    /// <summary>True when containers of this pod are accelerated.</summary>
    internal static bool Includes(SockMapOptions options, string podNamespace, string pod) =>
        Passes(options.IncludeNamespaces, options.ExcludeNamespaces, podNamespace) && Passes(options.IncludePods, options.ExcludePods, pod);

    /// <summary>From now on the container is left alone.</summary>
    internal void RollBack(uint container)
    {
        _rolledBack.Add(container);
        Update();
    }

    /// <summary>Brings the kernel up to date with the containers there are.</summary>
    internal void Update()
    {
        bool choice = IsChoice(options);
        foreach (Container container in index.All)
        {
            bool? wanted = _rolledBack.Contains(container.Id) ? false : choice && Includes(options, container.Namespace, container.Pod) ? true : null;
            if (wanted is { } value && (!_told.TryGetValue(container.Id, out bool told) || told != value))
            {
                chosen.Set(container.Id, value ? 1u : 0u);
                _told[container.Id] = value;
            }
        }

        _gone.Clear();
        _gone.AddRange(_told.Keys.Where(id => !index.TryGet(id, out _)));
        foreach (uint id in _gone)
        {
            chosen.Remove(id);
            _told.Remove(id);
            _rolledBack.Remove(id);
        }
    }

    private static bool Passes(IReadOnlyList<string> include, IReadOnlyList<string> exclude, string name) =>
        (include.Count == 0 || IsAny(include, name)) && !IsAny(exclude, name);

    private static bool IsAny(IReadOnlyList<string> globs, string name) =>
        globs.Any(glob => FileSystemName.MatchesSimpleExpression(glob, name, ignoreCase: false));
}
