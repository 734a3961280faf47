using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pmoas.StackTrace;

/// <summary><c>struct stage_pair</c>: an interval that the configuration asks for.</summary>
/// <param name="From">Number of the stage it begins at.</param>
/// <param name="To">Number of the stage it ends at.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct StagePair(byte From, byte To)
{
    private const string Arrow = "->";

    /// <summary>Reads <c>from -> to</c>, which has no <see cref="Mistake"/>.</summary>
    public static StagePair Parse(string text, StagePath path)
    {
        (string from, string to) = Split(text)!.Value;
        return new StagePair((byte)path.IndexOf(from), (byte)path.IndexOf(to));
    }

    /// <summary>What is wrong with the text, as a sentence without its end; null when nothing is.</summary>
    /// <param name="text">Such as <c>net_dev_queue -> sk_data_ready</c>.</param>
    /// <param name="path">The stages that are on.</param>
    public static string? Mistake(string text, StagePath path)
    {
        if (Split(text) is not var (from, to))
        {
            return $"\"{text}\" is no interval; write it as \"net_dev_queue -> sk_data_ready\"";
        }

        foreach (string name in (string[])[from, to])
        {
            if (path.IndexOf(name) < 0)
            {
                return $"\"{text}\": {(Stages.IndexOf(name) < 0 ? $"there is no stage \"{name}\"; there are {Stages.Names}" : $"the stage {name} is not in stages")}";
            }
        }

        return path.IndexOf(from) < path.IndexOf(to) ? null : $"\"{text}\": {to} does not come after {from}; the order is {path}";
    }

    private static (string From, string To)? Split(string text) =>
        text.Split(Arrow, StringSplitOptions.TrimEntries) is [var from, var to] ? (from, to) : null;
}

/// <summary><c>struct stage_pairs</c>.</summary>
[InlineArray(StackTraceOptions.MaxIntervals)]
internal struct StagePairs
{
    private StagePair _first;

    /// <summary>The pairs of these texts.</summary>
    public static StagePairs Of(IReadOnlyList<string> texts, StagePath path)
    {
        StagePairs pairs = default;
        for (int i = 0; i < texts.Count; i++)
        {
            pairs[i] = StagePair.Parse(texts[i], path);
        }

        return pairs;
    }
}
