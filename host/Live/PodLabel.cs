using System.Collections.Frozen;
using Pmoas.Host.Pods;
using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Live;

/// <summary>A label pods are chosen by: <c>key=value</c>, or <c>key</c> alone for any value.</summary>
/// <param name="Key">Key of a pod label.</param>
/// <param name="Value">Its value; null for any.</param>
internal sealed record PodLabel(string Key, string? Value)
{
    /// <summary>Reads <c>key=value</c> or <c>key</c>; null when there is no key.</summary>
    public static PodLabel? Parse(string text) => text.Split('=', 2) switch
    {
        ["", ..] => null,
        [var key, var value] => new PodLabel(key, value),
        [var key] => new PodLabel(key, null),
        _ => null,
    };

    /// <summary>True when the pod has it.</summary>
    public bool Matches(PodSpec pod) => pod.Labels.TryGetValue(Key, out string? value) && (Value is null || value == Value);

    /// <summary>
    /// Which containers belong to such a pod. Looks at the labels again only when the pods are others. To be called by one thread at a time;
    /// allocates nothing while the pods stay the same.
    /// </summary>
    public Func<Container, bool> Among(PodDirectory directory)
    {
        IReadOnlyList<PodSpec>? known = null;
        FrozenSet<(string, string)> chosen = [];
        return container =>
        {
            IReadOnlyList<PodSpec> pods = directory.Pods;
            if (!ReferenceEquals(pods, known))
            {
                known = pods;
                chosen = pods.Where(Matches).Select(pod => (pod.Namespace, pod.Name)).ToFrozenSet();
            }

            return chosen.Contains((container.Namespace, container.Pod));
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Value is null ? Key : $"{Key}={Value}";
}
