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
        foreach (string text in _warnings)
        {
            _logger.LogDebug("{Text}", text);
            int begin = text.IndexOf(LogBegin, StringComparison.Ordinal);
            int end = text.LastIndexOf(LogEnd, StringComparison.Ordinal);
            if (begin >= 0 && end > begin)
            {
                verifierLog = text[(begin + LogBegin.Length)..end];
                what = $"{what}: {text[..begin].TrimEnd(' ', ':')}";
            }
        }

        if (verifierLog is null && _warnings.Count > 0)
        {
            what = $"{what}: {string.Join("; ", _warnings.Take(3).Select(text => text.TrimEnd()))}";
        }

        _warnings.Clear();
        return new BpfException(what, errno, verifierLog);
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
