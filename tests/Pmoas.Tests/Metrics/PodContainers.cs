using System.Diagnostics.CodeAnalysis;
using Pmoas.Sdk.Pods;

namespace Pmoas.Tests.Metrics;

/// <summary>The containers a test says there are.</summary>
internal sealed class PodContainers : IContainerIndex
{
    private readonly Dictionary<uint, Container> _lingering = [];

    public IReadOnlyCollection<Container> All { get; private set; } = [];

    public IReadOnlyCollection<Container> Ended { get; private set; } = [];

    public bool TryGet(uint id, [NotNullWhen(true)] out Container? container)
    {
        container = All.FirstOrDefault(one => one.Id == id);
        return container is not null || _lingering.TryGetValue(id, out container);
    }

    internal static Container Make(uint id, string name, Role role) => new()
    {
        Id = id,
        PodId = 1,
        Namespace = "lab",
        Pod = "chain",
        Name = name,
        Role = role,
        CgroupId = 1000 + id,
        CgroupPath = $"/lab/{name}",
    };

    internal void Run(params IReadOnlyCollection<Container> containers) => All = containers;

    internal void Linger(Container ended)
    {
        All = [.. All.Where(one => one.Id != ended.Id)];
        _lingering[ended.Id] = ended;
        Ended = [.. _lingering.Values];
    }

    internal void Forget(uint id)
    {
        _lingering.Remove(id);
        Ended = [.. _lingering.Values];
    }
}
