namespace Pmoas.Host.Config;

/// <summary>A place in <c>pmoas.toml</c>; both numbers count from 1. The default, 0:0, is the file as a whole.</summary>
internal readonly record struct Position(int Line, int Column);

/// <summary>One mistake in <c>pmoas.toml</c>, told so that it can be mended without reading anything else.</summary>
/// <param name="File">The file, as it was named to the daemon.</param>
/// <param name="At">Where the key stands.</param>
/// <param name="Path">The key, such as <c>sidecars[2].image</c> (arrays count from 1, as rules do); empty for a mistake of syntax.</param>
/// <param name="Message">The value, what is wrong with it and what is allowed.</param>
internal sealed record ConfigError(string File, Position At, string Path, string Message)
{
    /// <summary><c>FILE:LINE:COL: path: message</c>, the form editors can jump to.</summary>
    public override string ToString()
    {
        string place = At == default ? File : $"{File}:{At.Line}:{At.Column}";
        return Path.Length == 0 ? $"{place}: {Message}" : $"{place}: {Path}: {Message}";
    }
}
