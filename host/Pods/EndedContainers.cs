using Pmoas.Sdk.Pods;

namespace Pmoas.Host.Pods;

/// <summary>
/// Containers that ended and whose last numbers may still be read. One that ended before anybody named it is named when a source does.
/// Guarded by the lock of <see cref="PodDirectory"/>.
/// </summary>
internal sealed class EndedContainers
{
    private readonly List<Ended> _ended = [];

    /// <summary>How they were when they ended, or as they have been named since.</summary>
    public IEnumerable<Container> All => _ended.Select(ended => ended.Container);

    /// <summary>Remembers one.</summary>
    public void Add(DateTimeOffset now, string runtimeId, Container container) => _ended.Add(new Ended(now, runtimeId, container));

    /// <summary>Forgets those that ended longer ago than this.</summary>
    public void Forget(DateTimeOffset now, TimeSpan linger) => _ended.RemoveAll(ended => now - ended.Since >= linger);

    /// <summary>Names the nameless one of this id, if there is one.</summary>
    /// <param name="runtimeId">The runtime's id.</param>
    /// <param name="named">Makes the named one of the nameless.</param>
    public void Name(string runtimeId, Func<Container, Container> named)
    {
        for (int i = 0; i < _ended.Count; i++)
        {
            if (_ended[i].Container.IsProvisional && _ended[i].RuntimeId == runtimeId)
            {
                _ended[i] = _ended[i] with { Container = named(_ended[i].Container) };
            }
        }
    }

    /// <summary>True while one waits for its name.</summary>
    public bool HasNameless => _ended.Exists(ended => ended.Container.IsProvisional);

    private readonly record struct Ended(DateTimeOffset Since, string RuntimeId, Container Container);
}
