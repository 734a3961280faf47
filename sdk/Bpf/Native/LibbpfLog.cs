using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Pmoas.Sdk.Bpf.Native;

/// <summary>
/// What libbpf says during one step (open, load, attach) on this thread. libbpf prints on the thread that called it, so the text
/// belongs to the step without a lock. When the step fails the text goes into the exception; otherwise it goes to the logger.
/// </summary>
internal sealed class LibbpfLog : IDisposable
{
    private const int Warning = 0;
    private const string Prefix = "libbpf: ";
    private const string LogBegin = "-- BEGIN PROG LOAD LOG --\n";
    private const string LogEnd = "-- END PROG LOAD LOG --";
    private const string About = "prog '";
    private const string LoadFailed = ": BPF program load failed";

    /// <summary>libbpf guesses at the memory limit whenever root is refused; kernels that count memory by cgroup do not use it.</summary>
    private const string LimitAdvice = "try raising 'ulimit -l'";

    [ThreadStatic]
    private static LibbpfLog? t_current;

    private readonly ILogger _logger;
    private readonly bool _chatty;
    private readonly LibbpfLog? _outer;
    private readonly List<string> _warnings = [];
    private readonly List<string> _chat = [];

    static unsafe LibbpfLog() => Libbpf.libbpf_set_print(&Print);

    /// <summary>Listens until disposed.</summary>
    internal LibbpfLog(ILogger logger)
    {
        _logger = logger;
        _chatty = logger.IsEnabled(LogLevel.Trace);
        _outer = t_current;
        t_current = this;
    }

    /// <summary>The exception of the step that failed, with the verifier's log or else libbpf's own last words.</summary>
    internal BpfException Failure(string what, int errno)
    {
        string? verifierLog = null;
        string? says = null;
        string? program = null;
        bool refused = false;
        foreach (string text in _warnings)
        {
            _logger.LogDebug("{Text}", text);
            program ??= ProgramOf(text);
            int begin = text.IndexOf(LogBegin, StringComparison.Ordinal);
            int end = text.LastIndexOf(LogEnd, StringComparison.Ordinal);
            if (begin >= 0 && end > begin)
            {
                verifierLog = text[(begin + LogBegin.Length)..end];
            }
            else if (text.IndexOf(LoadFailed, StringComparison.Ordinal) is > 0 and var subject)
            {
                what = $"{what}: {text[..subject]}";
                refused = true;
            }
            else if (!refused && !text.Contains(LimitAdvice, StringComparison.Ordinal))
            {
                // The first line tells the cause; those after it tell who else failed because of it.
                says ??= WithoutErrno(text.TrimEnd(), errno);
            }
        }

        _warnings.Clear();
        return new BpfException(says is null ? what : $"{what}: {says}", errno, verifierLog) { LibbpfSays = says, Program = program };
    }

    public void Dispose()
    {
        t_current = _outer;
        foreach (string text in _warnings)
        {
            _logger.LogWarning("libbpf: {Text}", text.TrimEnd());
        }

        foreach (string text in _chat)
        {
            _logger.LogTrace("libbpf: {Text}", text.TrimEnd());
        }
    }

    /// <summary>The program a line is about: <c>prog 'NAME': …</c></summary>
    private static string? ProgramOf(string text) =>
        text.StartsWith(About, StringComparison.Ordinal) && text.IndexOf('\'', About.Length) is > 0 and var end ? text[About.Length..end] : null;

    /// <summary>libbpf ends many lines with the errno, as a number or as text, which the exception names anyway.</summary>
    private static string WithoutErrno(string text, int errno)
    {
        foreach (string ending in (string[])[$": -{errno}", $": {Marshal.GetPInvokeErrorMessage(errno)}"])
        {
            if (text.EndsWith(ending, StringComparison.Ordinal))
            {
                return text[..^ending.Length];
            }
        }

        return text;
    }

    /// <summary>Only collects: a logger may throw, and nothing may throw into C.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe int Print(int level, byte* format, nint arguments)
    {
        LibbpfLog? log = t_current;
        byte* buffer;
        if (log is null || (level != Warning && !log._chatty) || Libc.vasprintf(&buffer, format, arguments) < 0)
        {
            return 0;
        }

        string text = Marshal.PtrToStringUTF8((nint)buffer) ?? "";
        NativeMemory.Free(buffer);
        (level == Warning ? log._warnings : log._chat).Add(text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text);
        return 0;
    }
}
