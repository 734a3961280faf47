using System.Buffers.Text;

namespace Pmoas.ResourceUsage.Cgroups;

/// <summary>The forms in which the kernel writes numbers into cgroup files and <c>/proc</c>. Allocates nothing; what it does not know it passes over.</summary>
internal static class CgroupText
{
    /// <summary>From here on a v1 limit is none: the kernel writes the largest multiple of a page.</summary>
    private const ulong Unlimited = 1UL << 62;

    /// <summary>A file of one number; false for <c>max</c>, <c>-1</c> and anything else that is none.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> text, out ulong value) =>
        Utf8Parser.TryParse(text, out value, out int used) && (used == text.Length || text[used] is (byte)'\n' or (byte)' ');

    /// <summary>A limit; false when there is none.</summary>
    internal static bool TryLimit(ReadOnlySpan<byte> text, out ulong value) => TryNumber(text, out value) && value < Unlimited;

    /// <summary>Takes the next line off the text; false at its end.</summary>
    internal static bool NextLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        if (text.IsEmpty)
        {
            line = default;
            return false;
        }

        int end = text.IndexOf((byte)'\n');
        line = end < 0 ? text : text[..end];
        text = end < 0 ? default : text[(end + 1)..];
        return true;
    }

    /// <summary>Takes the next word off the line, blanks before it skipped; false at its end.</summary>
    internal static bool NextWord(ref ReadOnlySpan<byte> line, out ReadOnlySpan<byte> word)
    {
        line = line.TrimStart((byte)' ');
        int end = line.IndexOf((byte)' ');
        word = end < 0 ? line : line[..end];
        line = end < 0 ? default : line[(end + 1)..];
        return !word.IsEmpty;
    }

    /// <summary>Reads lines <c>key number</c>.</summary>
    /// <param name="text">The file.</param>
    /// <param name="keys">The keys that are wanted, in the order they are expected to stand in.</param>
    /// <param name="values">The number of each key; left alone where the key is missing.</param>
    /// <returns>A bit for each key that was found.</returns>
    internal static uint Numbers(ReadOnlySpan<byte> text, byte[][] keys, Span<ulong> values)
    {
        uint found = 0;
        uint all = (1u << keys.Length) - 1;
        int next = 0;
        while (found != all && NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            for (int i = 0; i < keys.Length; i++)
            {
                int key = (next + i) % keys.Length;
                ReadOnlySpan<byte> name = keys[key];
                if (line.Length > name.Length && line[name.Length] == ' ' && line.StartsWith(name))
                {
                    if (TryNumber(line[(name.Length + 1)..], out ulong value))
                    {
                        values[key] = value;
                        found |= 1u << key;
                    }

                    next = key + 1;
                    break;
                }
            }
        }

        return found;
    }

    /// <summary>Reads <c>total=</c> of one line, microseconds, of a pressure file.</summary>
    /// <param name="text">The file.</param>
    /// <param name="share"><c>some</c> or <c>full</c>.</param>
    /// <param name="microseconds">Time stalled, since the cgroup was made.</param>
    internal static bool TryPressure(ReadOnlySpan<byte> text, ReadOnlySpan<byte> share, out ulong microseconds)
    {
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            int total = line.StartsWith(share) ? line.IndexOf("total="u8) : -1;
            if (total >= 0)
            {
                return TryNumber(line[(total + "total="u8.Length)..], out microseconds);
            }
        }

        microseconds = 0;
        return false;
    }

    /// <summary>Reads <c>major:minor</c> at the start of a line, and takes it off.</summary>
    internal static bool TryDevice(ref ReadOnlySpan<byte> line, out uint major, out uint minor)
    {
        minor = 0;
        if (!Utf8Parser.TryParse(line, out major, out int used) || used >= line.Length || line[used] != ':'
            || !Utf8Parser.TryParse(line[(used + 1)..], out minor, out int more) || used + 1 + more >= line.Length || line[used + 1 + more] != ' ')
        {
            return false;
        }

        line = line[(used + more + 2)..];
        return true;
    }
}
