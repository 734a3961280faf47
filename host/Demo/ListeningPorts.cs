using System.Globalization;

namespace Pmoas.Host.Demo;

/// <summary>Which TCP ports have a listener, read from /proc: finding out by connecting would be counted as a connection.</summary>
internal static class ListeningPorts
{
    private const string Listen = "0A";

    /// <summary>Those in the network namespace of the calling thread.</summary>
    internal static IReadOnlySet<int> OfThisThread() =>
        ((string[])["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"])
            .Where(File.Exists).SelectMany(path => Parse(File.ReadLines(path))).ToHashSet();

    /// <summary>Ports of the lines of a /proc/net/tcp that are in state LISTEN.</summary>
    internal static IEnumerable<int> Parse(IEnumerable<string> lines) =>
        from line in lines.Skip(1)
        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where fields[3] == Listen
        select int.Parse(fields[1].AsSpan(fields[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
