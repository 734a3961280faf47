using System.Text.RegularExpressions;
using Tomlyn.Syntax;

namespace Pmoas.Host.Config;

/// <summary>Tomlyn's diagnostics in our words.</summary>
internal static partial class TomlSyntaxErrors
{
    /// <summary>One error a line: what the parser says further on the same line follows from the first.</summary>
    public static IEnumerable<ConfigError> Of(DocumentSyntax document, string text, string file)
    {
        string[] lines = text.Split('\n');
        int line = 0;
        string message = "";
        foreach (DiagnosticMessage found in document.Diagnostics.OrderBy(d => d.Span.Start.Line).ThenBy(d => d.Span.Start.Column))
        {
            Position at = TomlTree.Place(found.Span);
            Match twice = Twice().Match(found.Message);
            if (twice.Success)
            {
                yield return new ConfigError(file, at, twice.Groups["key"].Value,
                    $"set twice, first in line {twice.Groups["line"].Value}; keep one of them");
                continue;
            }
            // A string left open makes every line after it say the same.
            bool follows = at.Line == line || (at.Line == line + 1 && found.Message == message);
            line = at.Line;
            message = found.Message;
            if (!follows)
            {
                string source = at.Line <= lines.Length ? lines[at.Line - 1].Trim() : "";
                bool hasTail = found.Message.EndsWith("expecting token `newline`", StringComparison.Ordinal);
                string cure = hasTail && source.Contains('=') ? "; text and durations stand in quotes, such as \"5s\"" : "";
                yield return new ConfigError(file, at, "", $"not TOML: {found.Message}, in: {source}{cure}");
            }
        }
    }

    [GeneratedRegex(@"^The key `(?<key>[^`]+)` is already defined at \((?<line>\d+),\d+\)")]
    private static partial Regex Twice();
}
