using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Sdk.Bpf;

// The kernel is one for all: what a test counts must not be another test's doing.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Pmoas.KernelTests;

/// <summary>A test with kernel objects of its own: what it keeps is disposed after it, last first, and nothing may be left behind.</summary>
public abstract class KernelTest : IDisposable
{
    private readonly KernelLeftovers _leftovers = new();
    private readonly Stack<IDisposable> _kept = new();

    private protected static ILogger Logger => NullLogger.Instance;

    public void Dispose()
    {
        _leftovers.Mark();
        while (_kept.TryPop(out IDisposable? kept))
        {
            kept.Dispose();
        }

        _leftovers.AssertNone();
        GC.SuppressFinalize(this);
    }

    private protected T Keep<T>(T kept) where T : IDisposable
    {
        _kept.Push(kept);
        return kept;
    }

    private protected BpfObject Open(string name) => Keep(BpfObject.Open(TestObject.Elf(name), $"{name}.bpf.o", Logger));

    private protected BpfObject Load(string name, Action<BpfObject>? configure = null)
    {
        BpfObject bpf = Open(name);
        configure?.Invoke(bpf);
        bpf.Load();
        return bpf;
    }
}
