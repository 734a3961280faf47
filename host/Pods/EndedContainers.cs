using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Containers that ended and whose last numbers may still be read. One that ended before anybody named it is named when a source does,
/// or by its id when none did in time. Guarded by the lock of <see cref="PodDirectory"/>.
/// </summary>
internal sealed class EndedContainers
{
    private readonly List<Ended> _ended = [];

    /// <summary>How they were when they ended, or as they have been named since.</summary>
    public IEnumerable<Container> All => _ended.Select(ended => ended.Container);

    /// <summary>True while one waits for its name.</summary>
    public bool HasNameless => _ended.Exists(ended => ended.Container.IsProvisional);

    /// <summary>True when one with this id of the runtime is remembered.</summary>
    public bool Has(string runtimeId) => _ended.Exists(ended => ended.Spec.Id == runtimeId);

    /// <summary>Remembers one.</summary>
    public void Add(DateTimeOffset now, PodSpec pod, ContainerSpec spec, Container container) => _ended.Add(new Ended(now, pod, spec, container));

    /// <summary>Names the nameless ones that a source now describes, and forgets those that turn out not to be watched.</summary>
    /// <param name="described">By runtime id: the pod and the container; null for one that is not to be shown.</param>
    /// <param name="named">Makes the named one of the nameless.</param>
    public void Name(
        IReadOnlyDictionary<string, (PodSpec Pod, ContainerSpec Spec)?> described, Func<Container, PodSpec, ContainerSpec, Container> named)
    {
        for (int i = _ended.Count - 1; i >= 0; i--)
        {
            Ended ended = _ended[i];
            if (!ended.Container.IsProvisional || !described.TryGetValue(ended.Spec.Id, out (PodSpec Pod, ContainerSpec Spec)? told))
            {
                continue;
            }
            if (told is not { } description)
            {
                _ended.RemoveAt(i);
            }
            else if (description.Spec.Name.Length > 0)
            {
                _ended[i] = ended with { Container = named(ended.Container, description.Pod, description.Spec) };
            }
        }
    }

    /// <summary>Forgets those that ended longer ago than the linger time, and gives up waiting for names.</summary>
    /// <param name="now">The time.</param>
    /// <param name="linger">How long one stays readable.</param>
    /// <param name="naming">How long one may wait for its name; it stays readable for the linger time after.</param>
    /// <param name="byId">Names the nameless by its id.</param>
    public void Sweep(DateTimeOffset now, TimeSpan linger, TimeSpan naming, Func<Container, PodSpec, ContainerSpec, Container> byId)
    {
        for (int i = 0; i < _ended.Count; i++)
        {
            Ended ended = _ended[i];
            if (ended.Container.IsProvisional && now - ended.Since >= naming)
            {
                _ended[i] = ended with { Since = now, Container = byId(ended.Container, ended.Pod, ended.Spec) };
            }
        }
        _ended.RemoveAll(ended => !ended.Container.IsProvisional && now - ended.Since >= linger);
    }

    private readonly record struct Ended(DateTimeOffset Since, PodSpec Pod, ContainerSpec Spec, Container Container);
}
