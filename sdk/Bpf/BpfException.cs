using System.Text.RegularExpressions;

namespace Pmoas.Sdk.Bpf;

/// <summary>A kernel or libbpf call that failed: what was being done, the errno and, for a rejected program, the end of the verifier's log.</summary>
public sealed partial class BpfException : Exception
{
    private const int TailLines = 8;

    /// <summary>Makes the exception.</summary>
    /// <param name="what">What was being done, such as <c>load accept.bpf.o</c>; with <paramref name="errno"/> 0, the whole sentence.</param>
    /// <param name="errno">Positive errno; libbpf's own codes are 4000 and up; 0 when no call failed.</param>
    /// <param name="verifierLog">The verifier's whole log, or null; one that says only how much was processed counts as none.</param>
    public BpfException(string what, int errno, string? verifierLog = null) : base(Compose(what, errno, Spoken(verifierLog)))
    {
        Errno = errno;
        VerifierLog = Spoken(verifierLog);
    }

    /// <summary>A sentence that already holds its reasons, and the last of the failures that led to it.</summary>
    internal BpfException(string sentence, BpfException? last) : base(Sentence(sentence, last?.Errno ?? 0, last?.VerifierLog), last)
    {
        Errno = last?.Errno ?? 0;
        VerifierLog = last?.VerifierLog;
    }

    /// <summary>Positive errno; 0 when no call failed.</summary>
    public int Errno { get; }

    /// <summary>The verifier's whole log, or null.</summary>
    public string? VerifierLog { get; }

    /// <summary>The program that made a load or an attach fail, where libbpf named it.</summary>
    internal string? Program { get; init; }

    /// <summary>What libbpf said of the failure, one line; null when it said no more than the errno does.</summary>
    internal string? LibbpfSays { get; init; }

    /// <summary>The reason on one line: the errno and, where there is one, the last sentence of the verifier or else what libbpf said.</summary>
    internal string Reason
    {
        get
        {
            if (Errno == 0)
            {
                return Message;
            }

            string errno = Native.Errno.Describe(Errno);
            // Since 7.3 the verifier explains itself after its verdict, which is what it says of a register.
            string[] lines = [.. (VerifierLog ?? "").Split('\n').Where(line => line.Length > 0 && !line.StartsWith("processed ", StringComparison.Ordinal))];
            string? verdict = lines.LastOrDefault(line => RegisterVerdict().IsMatch(line)) ?? lines.LastOrDefault();
            return verdict is not null ? $"{errno} (the verifier: {verdict.Trim()})"
                : LibbpfSays is not null ? $"{errno} ({LibbpfSays})"
                : errno;
        }
    }

    [GeneratedRegex(@"^R\d+ [a-z!]")]
    private static partial Regex RegisterVerdict();

    /// <summary>Passes a result through, and throws when it is -errno.</summary>
    internal static int Check(int result, string what) => result >= 0 ? result : throw new BpfException(what, -result);

    /// <summary>A kernel that refuses a program before it looks at it leaves a log with nothing but the statistics.</summary>
    private static string? Spoken(string? verifierLog) =>
        verifierLog?.Split('\n').Any(line => line.Trim().Length > 0 && !line.StartsWith("processed ", StringComparison.Ordinal)) == true ? verifierLog : null;

    private static string Compose(string what, int errno, string? verifierLog) =>
        Sentence(errno == 0 ? what : $"{what}: {Native.Errno.Describe(errno)}", errno, verifierLog);

    /// <summary>Adds the cure and the end of the verifier's log.</summary>
    private static string Sentence(string sentence, int errno, string? verifierLog)
    {
        string cure = Native.Errno.Cure(errno);
        string[] lines = verifierLog?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return string.Join("\n  ", [cure.Length == 0 ? sentence : $"{sentence} ({cure})", .. lines.TakeLast(TailLines)]);
    }
}
