using System.IO.Enumeration;

namespace Pmoas.Host.Pods;

/// <summary>The patterns of <c>pmoas.toml</c>: <c>*</c> is any text, <c>?</c> one character, all else itself; upper and lower case differ.</summary>
internal static class Glob
{
    /// <summary>True when the pattern describes the whole text.</summary>
    public static bool Matches(string pattern, string text) =>
        // The matcher takes \ as an escape and an empty pattern as *: a pattern of ours means both literally.
        pattern.Length == 0
            ? text.Length == 0
            : FileSystemName.MatchesSimpleExpression(pattern.Replace(@"\", @"\\", StringComparison.Ordinal), text, ignoreCase: false);
}
