namespace Pmoas.Host.Pods;

/// <summary>Which namespaces are watched: <c>[pods]</c> of <c>pmoas.toml</c>. Globs know <c>*</c> and <c>?</c>.</summary>
/// <param name="Namespaces">Only these; all when empty.</param>
/// <param name="Excluded">Never these, also when they are among the first.</param>
internal sealed record PodFilter(IReadOnlyList<string> Namespaces, IReadOnlyList<string> Excluded)
{
    /// <summary>Leaves nothing out.</summary>
    public static PodFilter Everything { get; } = new([], []);

    /// <summary>True when the pod is watched. One whose namespace nobody has told yet is: it can still be left out when it is named.</summary>
    public bool Takes(PodSpec pod) => pod.Namespace.Length == 0
        || ((Namespaces.Count == 0 || Namespaces.Any(glob => Glob.Matches(glob, pod.Namespace)))
            && !Excluded.Any(glob => Glob.Matches(glob, pod.Namespace)));
}
