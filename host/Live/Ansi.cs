namespace Pmoas.Host.Live;

/// <summary>What makes a terminal change its colour (ECMA-48, SGR).</summary>
internal static class Ansi
{
    internal const string Dim = "\e[2m";

    /// <summary>Bold yellow: look here.</summary>
    internal const string Mark = "\e[1;33m";

    internal const string Reset = "\e[0m";
}
