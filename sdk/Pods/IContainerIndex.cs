using System.Diagnostics.CodeAnalysis;

namespace Pmoas.Sdk.Pods;

/// <summary>The containers of this node. Safe to read from any thread; no reader ever waits.</summary>
public interface IContainerIndex
{
    /// <summary>All containers that run now and have a name.</summary>
    IReadOnlyCollection<Container> All { get; }

    /// <summary>Containers that ended, have a name, and whose last numbers are still to be read. The same object for as long as they are the same.</summary>
    IReadOnlyCollection<Container> Ended => [];

    /// <summary>
    /// The container with this id: one that runs, named yet or not, or one that ended so recently that its last numbers are still to be read.
    /// </summary>
    bool TryGet(uint id, [NotNullWhen(true)] out Container? container);

    /// <summary>
    /// Visits each network namespace that containers which run now have, named yet or not, but not the machine's own, on a thread that is in it; the others wait for it, and
    /// the caller for all. One that has ended meanwhile is left out.
    /// </summary>
    /// <param name="isWanted">Is told one of the containers that are there, a named one if there is any: whether to go.</param>
    /// <param name="visit">Is told the same one, and what it throws the caller gets. What it opens, such as a socket or a link, stays in the namespace. It must not
    /// start a thread or queue work: a thread begins, and stays, in the namespace of its maker.</param>
    void VisitNetworkNamespaces(Predicate<Container> isWanted, Action<Container> visit)
    {
    }

    /// <summary>Does it once in each network namespace that containers have and in the machine's own, on a thread that is in it; the caller waits. What it throws the caller gets.</summary>
    /// <param name="act">It must not start a thread or queue work.</param>
    void InEachNetworkNamespace(Action act) => act();
}
