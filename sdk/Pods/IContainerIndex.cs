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
}
