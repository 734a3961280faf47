namespace Pmoas.Sdk.Bpf;

/// <summary>An attached program; dispose detaches it. Nothing is pinned: the kernel detaches it too when the process dies.</summary>
public sealed class BpfLink : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>An attached iterator program: each run walks everything once.</summary>
public sealed class BpfIterator : IDisposable
{
    /// <summary>Walks once and throws away what the program writes to its sequence file.</summary>
    public void Run() => throw new NotImplementedException();

    /// <summary>Walks once and hands over what the program wrote, piece by piece.</summary>
    public void Run(ReadOnlySpanAction read) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Takes one piece of bytes.</summary>
public delegate void ReadOnlySpanAction(ReadOnlySpan<byte> piece);
