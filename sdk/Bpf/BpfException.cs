namespace Pmoas.Sdk.Bpf;

/// <summary>A kernel or libbpf call that failed: what was being done, the errno and, for a rejected program, the end of the verifier's log.</summary>
public sealed class BpfException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="what">What was being done, such as <c>load accept.bpf.o</c>.</param>
    /// <param name="errno">Positive errno; libbpf's own codes are 4000 and up.</param>
    /// <param name="verifierLog">The verifier's whole log, or null.</param>
    public BpfException(string what, int errno, string? verifierLog = null) : base(what)
    {
        Errno = errno;
        VerifierLog = verifierLog;
    }

    /// <summary>Positive errno.</summary>
    public int Errno { get; }

    /// <summary>The verifier's whole log, or null.</summary>
    public string? VerifierLog { get; }
}
