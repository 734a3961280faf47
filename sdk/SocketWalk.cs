using Pmoas.Sdk.Bpf;
using Pmoas.Sdk.Pods;

namespace Pmoas.Sdk;

/// <summary>
/// A walk over the connections of containers: over all sockets that carry a tag, in whatever network namespace they are, where the kernel has that iterator, and
/// otherwise over all of TCP in each network namespace of a container and in the machine's own. A process that has left the namespace of its container is then not met.
/// One thread at a time.
/// </summary>
public sealed class SocketWalk : IDisposable
{
    private readonly BpfIterator _iterator;
    private readonly IContainerIndex? _containers;

    private SocketWalk(BpfIterator iterator, IContainerIndex? containers) => (_iterator, _containers) = (iterator, containers);

    /// <summary>Attaches the one of two programs that was loaded; they are the rungs of one hook.</summary>
    /// <param name="context">Of the probe; disposes the walk when the probe stops.</param>
    /// <param name="tagged">Name of an <c>iter/bpf_sk_storage_map</c> program, run over <c>pmoas_sockets</c>.</param>
    /// <param name="ofNamespace">Name of an <c>iter/tcp</c> program.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public static SocketWalk Attach(ProbeContext context, string tagged, string ofNamespace)
    {
        BpfProgram overTagged = context.Bpf.Program(tagged);
        return overTagged.Autoload
            ? Begin(context, overTagged.AttachIterator(BpfIteratorTarget.Map(context.Bpf.Map("pmoas_sockets"))), null)
            : OverNamespaces(context, ofNamespace);
    }

    /// <summary>Attaches the program that goes from namespace to namespace.</summary>
    /// <param name="context">Of the probe; disposes the walk when the probe stops.</param>
    /// <param name="program">Name of an <c>iter/tcp</c> program.</param>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public static SocketWalk OverNamespaces(ProbeContext context, string program) =>
        Begin(context, context.Bpf.Program(program).AttachIterator(), context.Containers);

    private static SocketWalk Begin(ProbeContext context, BpfIterator iterator, IContainerIndex? containers)
    {
        SocketWalk walk = new(iterator, containers);
        context.Stopping.Register(walk.Dispose);
        return walk;
    }

    /// <summary>Walks once.</summary>
    /// <exception cref="BpfException">The walk could not be started or broke off.</exception>
    public void Run()
    {
        if (_containers is null)
        {
            _iterator.Run();
        }
        else
        {
            _containers.InEachNetworkNamespace(_iterator.Run);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _iterator.Dispose();
}
