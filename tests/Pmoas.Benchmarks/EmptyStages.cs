using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Benchmarks;

/// <summary>Empty programs at StackTrace's default stages: below what these cost nobody who looks there can come.</summary>
internal sealed class EmptyStages : IAsyncDisposable
{
    private readonly BpfObject _bpf = BpfObject.OpenResource(typeof(EmptyStages).Assembly, "empty_stages.bpf.o", NullLogger.Instance);
    private readonly List<IDisposable> _links = [];

    private EmptyStages()
    {
    }

    /// <summary>Attaches them.</summary>
    internal static EmptyStages Start()
    {
        EmptyStages stages = new();
        stages._bpf.Load();
        stages._links.AddRange(stages._bpf.Programs.Select(program => program.Attach()));
        return stages;
    }

    public ValueTask DisposeAsync()
    {
        _links.ForEach(link => link.Dispose());
        _bpf.Dispose();
        return ValueTask.CompletedTask;
    }
}
