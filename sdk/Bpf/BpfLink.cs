using System.Runtime.InteropServices;
using Pmoas.Sdk.Bpf.Native;

namespace Pmoas.Sdk.Bpf;

/// <summary>An attached program; dispose detaches it. Nothing is pinned: the kernel detaches it too when the process dies.</summary>
public sealed class BpfLink : IDisposable
{
    private readonly SafeHandle _handle;

    /// <param name="handle">A link of libbpf, or the descriptor of one.</param>
    internal BpfLink(SafeHandle handle) => _handle = handle;

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}

/// <summary>An attached iterator program: each run walks everything once. One thread at a time.</summary>
public sealed class BpfIterator : IDisposable
{
    private const int PieceSize = 8192;

    private readonly BpfLinkHandle _handle;
    private readonly string _program;

    internal BpfIterator(BpfLinkHandle handle, string program) => (_handle, _program) = (handle, program);

    /// <summary>Walks once and throws away what the program writes to its sequence file.</summary>
    /// <exception cref="BpfException">The walk could not be started or broke off.</exception>
    public void Run() => Run(static _ => { });

    /// <summary>Walks once and hands over what the program wrote, piece by piece; a record may be cut between two pieces.</summary>
    /// <exception cref="BpfException">The walk could not be started or broke off.</exception>
    public unsafe void Run(ReadOnlySpanAction read)
    {
        int fd = BpfException.Check(Libbpf.bpf_iter_create(Libbpf.bpf_link__fd(_handle)), $"start iterator {_program}");
        try
        {
            byte* piece = stackalloc byte[PieceSize];
            while (true)
            {
                nint size = Libc.read(fd, piece, PieceSize);
                if (size > 0)
                {
                    read(new ReadOnlySpan<byte>(piece, (int)size));
                }
                else if (size == 0)
                {
                    return;
                }
                else if (Marshal.GetLastPInvokeError() is not (Errno.EINTR or Errno.EAGAIN) and var errno)
                {
                    // EAGAIN: the kernel paused after many elements that wrote nothing, and goes on at the next read.
                    throw new BpfException($"run iterator {_program}", errno);
                }
            }
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}

/// <summary>Takes one piece of bytes, gone when it returns.</summary>
public delegate void ReadOnlySpanAction(ReadOnlySpan<byte> piece);
